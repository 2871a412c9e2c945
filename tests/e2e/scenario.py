"""What the scenarios share: the built programs, the demo server, a fake cloud, and one folder for each scenario."""
import base64
import http.server
import hashlib
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import unittest

BIN = pathlib.Path(os.environ.get("ASSAY_BIN", "build/dev/bin")).resolve()
LIB = BIN.parent / "lib"
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "TZ": "UTC", "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
       **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}
TENANT_ID = "7f0c1b2e-0000-4000-8000-00000000e21a"
CLIENT_ID = "51d2a7c0-0000-4000-8000-0000000000aa"
AUDIENCE = {"graph": "https://graph.fake.example", "arm": "https://arm.fake.example", "storage": "https://storage.fake.example"}


def pin_of(folder):
    """What `dev_pin` is of: the list of the plugin's files, as a package note has it."""
    files = [path for pattern in ("*.so", "checks/*.toml", "views.sql", "controls.toml", "mapping.toml") for path in folder.glob(pattern)]
    lines = sorted((path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files)
    return hashlib.sha256(("assay plugin pin v1\n" + "".join(f"file {digest} {name}\n" for name, digest in lines)).encode()).hexdigest()


class Done:
    """How a command ended, decoded."""

    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout.decode(), done.stderr.decode()
        self.text = self.out + self.err

    def json(self):
        return json.loads(self.out)


class DemoServer:
    """assay-demo-server; `access` is what it printed, stop() gives its request log as lists of fields."""

    def __init__(self, *options):
        self.process = subprocess.Popen([BIN / "assay-demo-server", *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.access = json.loads(self.process.stdout.readline())

    def stop(self):
        if self.process.poll() is None:
            out, _ = self.process.communicate(timeout=30)
            self.log = [line.split("\t") for line in out.splitlines()]
        return self.log


class FakeCloud:
    """A token service that puts `claims` into every token, and answers everything else with answer(). Logs each request."""

    def __init__(self, claims, certificate=None):
        self.log, self.claims, cloud = [], claims, self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                if self.path.endswith("/oauth2/v2.0/token"):
                    self.reply(200, cloud.token(next((host for host in ("graph", "storage") if host in form), "arm")))
                elif self.path in ("/v1.0/$batch", "/beta/$batch"):
                    self.reply(200, cloud.batch(self.path.removesuffix("/$batch"), json.loads(form)))
                else:
                    self.reply(*cloud.answer("POST", self.path, form))

            def do_GET(self):
                self.reply(*cloud.answer("GET", self.path, ""))

            def reply(self, status, body):
                cloud.log.append((self.command, self.path))
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        base = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server.server_port}"
        self.access = {"login": base, "graph": base, "arm": base, "tenant_id": TENANT_ID, "client_id": CLIENT_ID,
                       "client_secret": "not-a-real-one", **{f"{h}_audience": a for h, a in AUDIENCE.items()},
                       **{f"{h}_scope": a + "/.default" for h, a in AUDIENCE.items()}}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, method, target, body):
        """(status, document or bytes) of a request that is not for a token."""
        return 500, {}

    def batch(self, version, asked):
        """What Graph answers to several requests in one: each is answered and logged as if it had come alone."""
        out = []
        for one in asked["requests"]:
            status, body = self.answer(one["method"], version + one["url"], "")
            self.log.append((one["method"], version + one["url"]))
            out.append({"id": one["id"], "status": status, "headers": {"Content-Type": "application/json"},
                        "body": json.loads(body) if isinstance(body, bytes) else body})
        return {"responses": out[::-1]}

    def token(self, host):
        claims = {"aud": AUDIENCE[host], "tid": TENANT_ID, "appid": CLIENT_ID, "exp": 4102444800, **self.claims}
        part = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in ({"alg": "RS256"}, claims)]
        return {"token_type": "Bearer", "expires_in": 3599, "access_token": ".".join([*part, "c2ln"])}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def config_text(access, plugins, extra):
    clouds = "\n".join(f"{key} = {json.dumps([access[key[:-1]]] if key.endswith('audiences') else access[key])}" for key in
                       ("login", "graph", "arm", "graph_scope", "arm_scope", "graph_audiences", "arm_audiences"))
    tables = "".join(f"[[plugins]]\n{p}\n" for p in plugins)
    return f"""schema = 1
[instance]
name = "Scenario"
origin = "scenario.example"
[storage]
default = "main"
[storage.main]
kind = "sqlite"
path = "data"
region = "eu"
[clouds.demo]
{clouds}
[[tenants]]
id = "t"
name = "Tenant"
directory_id = "{access['tenant_id']}"
cloud = "demo"
region = "eu"
store = "main"
credential = {{ kind = "secret", client_id = "{access['client_id']}", ref = "file:client.secret" }}
{tables}[sandbox]
accept = "minimal"
{extra}"""


class Scenario(unittest.TestCase):
    """A folder that is removed afterwards, `assay` in it, and servers that end with the test."""
    program = BIN / "assay"

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="assay-scenario-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)

    def server(self, *options):
        server = DemoServer(*(options or ("--no-throttle",)))
        self.addCleanup(server.stop)
        return server

    def cloud(self, claims, certificate=None):
        cloud = FakeCloud(claims, certificate)
        self.addCleanup(cloud.stop)
        return cloud

    def configure(self, access, plugins=(), extra="", folder=None, **changes):
        folder = folder or self.home
        folder.mkdir(exist_ok=True)
        access = {**access, **changes}
        (folder / "client.secret").write_text(access["client_secret"])
        (folder / "client.secret").chmod(0o600)
        path = folder / "client.secret"
        (folder / "assay.toml").write_text(config_text(access, plugins, extra).replace("file:client.secret", f"file:{path}"))
        return folder

    def assay(self, *words, folder=None, program=None, env=None, prefix=()):
        return Done(subprocess.run([*prefix, program or self.program, *words], cwd=folder or self.home, env={**ENV, **(env or {})},
                                   stdin=subprocess.DEVNULL, capture_output=True, timeout=90, check=False))

    def ledger_verifies(self, folder=None, tenant="t"):
        folder = folder or self.home
        told = self.assay("ledger", "verify", folder=folder)
        self.assertEqual(told.code, 0, told.text)
        told = self.assay(str(folder / "data" / tenant), folder=folder, program=BIN / "assay-verify")
        self.assertEqual(told.code, 0, told.text)

    def lines(self, folder=None):
        """The ledger's lines as they are, parsed."""
        return [json.loads(line) for line in self.assay("ledger", "show", folder=folder).out.splitlines() if line.startswith("{")]
