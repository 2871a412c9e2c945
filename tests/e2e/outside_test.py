#!/usr/bin/env python3
"""usage: ASSAY_BIN=FOLDER outside_test.py [-v] [CLASS.test...]   Notes put over TLS, and time stamps asked for over TLS."""
import http.server
import json
import shutil
import ssl
import subprocess
import threading
import unittest

from scenario import Scenario

GRAPH = 'id = "graph"'
AUTHORITY = """
[tsa]
default_tsa = t
[t]
serial = serial
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[ext]
extendedKeyUsage = critical,timeStamping
[web]
subjectAltName = DNS:localhost
"""


class Outside:
    """Keeps what is put, gives it back unless `get` says no, and has openssl answer time-stamp queries."""

    def __init__(self, folder):
        self.folder, self.files, self.get, self.stamp, outside = folder, {}, 200, None, self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def body(self):
                return self.rfile.read(int(self.headers["Content-Length"]))

            def do_PUT(self):
                outside.files[self.path] = self.body()
                self.reply(201, b"")

            def do_GET(self):
                known = self.path in outside.files
                status = outside.get if outside.get != 200 else 200 if known else 404
                self.reply(status, outside.files[self.path] if status == 200 else b"")

            def do_POST(self):
                query = self.body()
                assert self.path == "/tsr" and self.headers["Content-Type"] == "application/timestamp-query"
                self.reply(200, (outside.stamp or outside.answer)(query), "application/timestamp-reply")

            def reply(self, status, data, kind="text/plain"):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        folder.mkdir()
        (folder / "tsa.cnf").write_text(AUTHORITY)
        (folder / "serial").write_text("01\n")
        self.openssl("req -x509 -newkey ed25519 -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 9")
        for name, section in (("tsa", "ext"), ("web", "web")):
            self.openssl(f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}")
            self.openssl(f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 5 "
                         f"-extfile tsa.cnf -extensions {section}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "web.pem", folder / "web.key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.base = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def openssl(self, words):
        subprocess.run(["openssl", *words.split()], cwd=self.folder, check=True, capture_output=True, timeout=30)

    def answer(self, query):
        (self.folder / "q.tsq").write_bytes(query)
        self.openssl("ts -reply -queryfile q.tsq -config tsa.cnf -section t -out r.tsr")
        return (self.folder / "r.tsr").read_bytes()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@unittest.skipUnless(shutil.which("openssl"), "no openssl")
class OverTls(Scenario):
    def setUp(self):
        super().setUp()
        self.outside = Outside(self.home / "outside")
        self.addCleanup(self.outside.stop)
        ca, base = json.dumps(str(self.home / "outside" / "ca.pem")), self.outside.base
        self.configure(self.server().access, [GRAPH], extra=f"""
[[ledger.witness]]
kind = "put"
url = "{base}/kept/"
ca_file = {ca}
[ledger.timestamp]
url = "{base}/tsr"
ca = {ca}
tls_ca = {ca}
""")
        self.run_once()

    def run_once(self):
        done = self.assay("run")
        self.assertIn(done.code, (0, 5), done.text)
        self.assertNotIn("witness", done.err)

    def monitor(self, code):
        done = self.assay("ledger", "monitor", "--once")
        self.assertEqual(done.code, code, done.text)
        return done

    def test_a_run_puts_its_checkpoint_and_a_rollback_is_seen(self):
        """[CL-12] The place outside says what the machine alone cannot know."""
        self.assertEqual(2, len(self.outside.files))
        note = self.assay("ledger", "checkpoint").out.encode()
        self.assertEqual({note}, set(self.outside.files.values()))
        self.assertIn("nothing speaks against", self.monitor(0).out)
        data = self.home / "data"
        shutil.copytree(data, self.home / "older")
        self.run_once()
        kept = dict(self.outside.files)
        self.assertEqual(3, len(kept))
        shutil.rmtree(data)
        shutil.copytree(self.home / "older", data)
        self.ledger_verifies()
        self.assertIn("ROLLED BACK  put https://localhost", self.monitor(7).out)
        self.assertIn("ROLLED BACK", self.assay("ledger", "witness").err)
        done = self.assay("run")
        # The run before it can have had as many entries: then it is another history of that size.
        self.assertRegex(done.text, "witness (ROLLED BACK|FORKED): put https://")
        sent = self.assay("ledger", "witness")
        self.assertEqual(7, sent.code, sent.text)
        self.assertRegex(sent.err, "(ROLLED BACK|FORKED): put https://")
        self.assertEqual(kept, self.outside.files)

    def test_a_write_only_place_is_never_ok(self):
        self.outside.get = 403
        done = self.monitor(10)
        self.assertIn("write-only (GET is answered 403)", done.err)
        self.assertIn("ledger monitor --note FILE", done.err)
        self.assertIn("not every place was compared", done.out)
        self.assertNotIn("nothing speaks against", done.out)
        told = self.assay("ledger", "monitor", "--once", "--json")
        self.assertEqual((10, False), (told.code, told.json()["ok"]))
        sent = self.assay("ledger", "witness")
        self.assertEqual(0, sent.code, sent.text)
        self.assertIn("write-only", sent.err)
        told = self.assay("ledger", "witness", "--json").json()
        self.assertIn("write-only", json.dumps(told))

    def test_a_stamp_is_asked_for_and_verified(self):
        """[CL-12] And one that answers something else is not kept."""
        done = self.assay("ledger", "timestamp")
        self.assertEqual(0, done.code, done.text)
        self.assertIn("CN=tsa", done.out)
        old = {}
        self.outside.stamp = lambda query: old.setdefault("reply", self.outside.answer(query))
        self.assertEqual(0, self.assay("ledger", "timestamp").code)
        again = self.assay("ledger", "timestamp")
        self.assertEqual(7, again.code, again.text)
        self.assertIn("nonce is not that of the query", again.err)
        check = self.assay("ledger", "timestamp", "--check")
        self.assertEqual(0, check.code, check.text)
        self.assertEqual(2, check.out.count("CN=tsa"))
        self.ledger_verifies()


if __name__ == "__main__":
    unittest.main()
