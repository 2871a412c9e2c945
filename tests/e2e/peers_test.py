#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER peers_test.py [-v] [CLASS.test...]   Programs of others at the far end and on the way: nginx, tinyproxy,
openssl, and certificates that must not be trusted [CM-5]."""
import base64
import hashlib
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from hostile_cloud import HostileCloud, certificates
from scenario import Scenario

GRAPH = 'id = "graph"'
PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
NGINX, TINYPROXY, OPENSSL = (shutil.which(name, path=PATH) for name in ("nginx", "tinyproxy", "openssl"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peers(Scenario):
    @classmethod
    def setUpClass(cls):
        keys = tempfile.TemporaryDirectory(prefix="assay-peers-")
        cls.addClassCleanup(keys.cleanup)
        cls.keys = certificates(pathlib.Path(keys.name))

    def a_cloud(self, certificate="web.pem"):
        cloud = HostileCloud(self.server("--no-throttle").access, self.keys, certificate)
        self.addCleanup(cloud.stop)
        return cloud

    def network(self, access, **keys):
        keys = {"ca_file": str(self.keys / "ca.pem"), "timeout": "3s", **keys}
        pins = keys.pop("pins", {})
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
        lines += "".join(f"pins.{json.dumps(host)} = {json.dumps(some)}\n" for host, some in pins.items())
        return self.configure(access, [GRAPH], f"[network]\n{lines}")

    def start(self, port, *words):
        process = subprocess.Popen(words, cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.terminate)
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return process
            time.sleep(0.02)
        self.fail(f"{words[0]} does not listen")

    def went_well(self, done):
        self.assertIn(done.code, (0, 5), done.text)
        run = done.json()["data"]["runs"][0]
        self.assertEqual([c["check"] for c in run["checks"] if c["reason"] in ("unavailable", "partial", "throttled")], [])
        return run

    def refused(self, *words):
        done = self.assay("run")
        self.assertEqual(done.code, 10, done.text)
        for word in words:
            self.assertIn(word, done.err)
        return done


@unittest.skipUnless(OPENSSL, "no openssl")
class Certificates(Peers):
    def test_no_other_than_a_valid_one_for_that_name_is_talked_to(self):
        for certificate, words in (("foreign.pem", "is not trusted"), ("old.pem", "expired"), ("other.pem", "host name")):
            with self.subTest(certificate=certificate):
                cloud = self.a_cloud(certificate)
                self.network(cloud.access)
                self.refused("AS-NET-001", words)
                self.assertEqual(cloud.log, [], "nothing was sent, the secret neither")
                shutil.rmtree(self.home / "data", ignore_errors=True)

    def test_an_older_tls_is_refused(self):
        cloud, port = self.a_cloud(), free_port()
        self.start(port, OPENSSL, "s_server", "-accept", f"127.0.0.1:{port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-cert",
                   str(self.keys / "web.pem"), "-key", str(self.keys / "web.key"), "-quiet")
        self.network({**cloud.access, "login": f"https://localhost:{port}"})
        self.refused("TLS handshake")

    def test_pins_take_trust_away(self):
        cloud = self.a_cloud()
        key = subprocess.run([OPENSSL, "x509", "-in", "web.crt", "-pubkey", "-noout"], cwd=self.keys, capture_output=True,
                             check=True).stdout
        der = subprocess.run([OPENSSL, "pkey", "-pubin", "-outform", "DER"], input=key, capture_output=True, check=True).stdout
        pin = "sha256/" + base64.b64encode(hashlib.sha256(der).digest()).decode()
        self.network(cloud.access, pins={"localhost": [pin]})
        self.went_well(self.assay("run", "--json"))
        before = len(cloud.log)
        self.network(cloud.access, pins={"localhost": ["sha256/" + base64.b64encode(bytes(32)).decode()]})
        self.refused("AS-NET-005")
        self.assertEqual(len(cloud.log), before)


@unittest.skipUnless(NGINX and OPENSSL, "no nginx")
class Nginx(Peers):
    def in_front_of(self, cloud, protocols):
        """nginx with TLS before the three services; links name it."""
        ports = {name: free_port() for name in cloud.servers}
        servers = "".join(f"""
  server {{
    listen 127.0.0.1:{ports[name]} ssl;
    ssl_certificate {self.keys}/web.crt;
    ssl_certificate_key {self.keys}/web.key;
    ssl_protocols {protocols};
    location / {{ proxy_pass http://127.0.0.1:{server.server_port}; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}""" for name, server in cloud.servers.items())
        (self.home / "nginx.conf").write_text(f"""daemon off;
master_process off;
pid {self.home}/nginx.pid;
error_log {self.home}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log {self.home}/access.log;
  client_body_temp_path {self.home}/t1; proxy_temp_path {self.home}/t2; fastcgi_temp_path {self.home}/t3;
  uwsgi_temp_path {self.home}/t4; scgi_temp_path {self.home}/t5;
  gzip on; gzip_types *; gzip_proxied any; gzip_min_length 100;
  keepalive_requests 5;{servers}
}}
""")
        cloud.public.update({name: f"https://localhost:{port}" for name, port in ports.items()})
        cloud.access.update(cloud.public)
        self.start(ports["graph"], NGINX, "-p", str(self.home), "-e", str(self.home / "nginx.log"), "-c", str(self.home / "nginx.conf"))

    def test_a_run_through_it_over_both_versions_of_tls(self):
        for protocols, number in (("TLSv1.2", 0x0303), ("TLSv1.3", 0x0304)):
            with self.subTest(protocols=protocols):
                cloud = self.a_cloud(None)
                self.in_front_of(cloud, protocols)
                self.network(cloud.access)
                self.went_well(self.assay("run", "--json"))
                reads = [line for line in self.lines() if line["kind"] == "read" and line["run"] == "R-1"]
                self.assertEqual({line["tls"] for line in reads}, {number})
                self.assertIn("gzip", {line.get("coding") for line in reads})
                shutil.rmtree(self.home / "data")


@unittest.skipUnless(TINYPROXY and OPENSSL, "no tinyproxy")
class Tinyproxy(Peers):
    def proxy(self, *allowed):
        port = free_port()
        (self.home / "tinyproxy.conf").write_text(f"""Port {port}
Listen 127.0.0.1
Timeout 60
MaxClients 50
BasicAuth assay pass
LogFile "{self.home}/proxy.log"
LogLevel Connect
""" + "".join(f"ConnectPort {one}\n" for one in allowed))
        (self.home / "proxy.secret").write_text("assay:pass")
        (self.home / "proxy.secret").chmod(0o600)
        self.start(port, TINYPROXY, "-d", "-c", str(self.home / "tinyproxy.conf"))
        return {"proxy": f"http://127.0.0.1:{port}", "proxy_credential": f"file:{self.home}/proxy.secret"}

    def ports(self, cloud):
        return [server.server_port for server in cloud.servers.values()]

    def test_a_run_through_it(self):
        cloud = self.a_cloud()
        self.network(cloud.access, **self.proxy(*self.ports(cloud)))
        self.went_well(self.assay("run", "--json"))
        log = (self.home / "proxy.log").read_text()
        for name in ("login", "graph"):
            self.assertIn(f"CONNECT localhost:{cloud.servers[name].server_port}", log)
        self.assertNotIn("Bearer", log)

    def test_a_wrong_credential_and_a_refused_port(self):
        cloud = self.a_cloud()
        settings = self.proxy(1)
        self.network(cloud.access, **settings)
        self.refused("AS-NET-004")
        (self.home / "proxy.secret").write_text("assay:wrong")
        self.refused("AS-NET-003", "proxy_credential")
        self.assertEqual(cloud.log, [])

    def test_past_it_for_hosts_that_are_named(self):
        cloud = self.a_cloud()
        self.network(cloud.access, proxy=f"http://127.0.0.1:{free_port()}", no_proxy=["localhost"])
        self.went_well(self.assay("run", "--json"))


if __name__ == "__main__":
    unittest.main()
