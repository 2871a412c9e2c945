"""The demo tenant over real TLS, with tricks played in its place: what a broken, overloaded or hostile service may answer."""
import collections
import hashlib
import http.server
import re
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request
import zlib

PASSED_ON = ("Authorization", "Content-Type", "client-request-id")
PASSED_BACK = ("Content-Type", "Retry-After", "request-id", "x-ms-request-id", "Date")
OPENSSL_CONFIG = "[web]\nsubjectAltName=DNS:localhost\n[other]\nsubjectAltName=DNS:other.example\n"


def certificates(folder):
    """ca.pem, and web.pem (localhost), other.pem (another name), old.pem (expired), each with its key in it; foreign-ca.pem."""
    folder.mkdir(exist_ok=True)
    (folder / "x.cnf").write_text(OPENSSL_CONFIG)

    def openssl(words):
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True, timeout=60)

    for ca in ("ca", "foreign-ca"):
        openssl(f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {ca}.key -out {ca}.pem -subj /CN={ca} -days 9")
    for name, section, ca, days in (("web", "web", "ca", 5), ("other", "other", "ca", 5), ("old", "web", "ca", -1),
                                    ("foreign", "web", "foreign-ca", 5)):
        openssl(f"req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}")
        openssl(f"x509 -req -in {name}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial -out {name}.crt -days {days} "
                "-extfile x.cnf -extensions " + section)
        (folder / f"{name}.pem").write_bytes((folder / f"{name}.crt").read_bytes() + (folder / f"{name}.key").read_bytes())
    return folder


class Answerer(http.server.BaseHTTPRequestHandler):
    """One request after the other; what it does is the cloud's to say."""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(length)
        self.server.cloud.handle(self.server.service, self)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

    def reply(self, status, data, *fields):
        """A well-formed answer with more header fields."""
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields)
        self.raw(head.encode() + b"\r\n" + data)

    def raw(self, *pieces, pause=0.0, close=False):
        """Bytes as they are, one piece after the other."""
        try:
            for piece in pieces:
                self.wfile.write(piece)
                if pause:
                    self.wfile.flush()
                    time.sleep(pause)
        except OSError:
            close = True
        self.close_connection = self.close_connection or close

    def reset(self):
        """Ends the connection by RST."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, block_on_close, request_queue_size = True, False, 64

    def __init__(self, cloud, service, certificate=None):
        super().__init__(("127.0.0.1", 0), Answerer)
        self.cloud, self.service, self.connections = cloud, service, 0
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.base = f"{'https' if certificate else 'http'}://localhost:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def get_request(self):
        self.connections += 1
        return super().get_request()

    def handle_error(self, *_):
        pass


class HostileCloud:
    """`access` is that of a demo server, reached through here. A trick is (service, pattern, function): the first whose
    pattern fits the path and query is called with the handler and how often that was asked before; when it gives False, the
    demo server answers after all."""

    def __init__(self, access, folder, certificate="web.pem"):
        """Without a certificate: plain HTTP, for one that stands in front. `public` is what links then say."""
        self.demo, self.tricks, self.lock = access, [], threading.Lock()
        self.folder = folder if (folder / "web.pem").exists() else certificates(folder)
        self.log, self.seen = [], collections.Counter()  # (service, method, path, whether it had a token)
        self.served = collections.Counter()  # (service, path) answered wholly
        self.servers = {name: Server(self, name, certificate and folder / certificate) for name in ("login", "graph", "arm")}
        self.public = {name: server.base for name, server in self.servers.items()}
        self.thief, self.plain_thief = Server(self, "thief", folder / "web.pem"), Server(self, "thief")
        self.access = {**access, **self.public}

    def trick(self, service, pattern):
        def keep(function):
            self.tricks.append((service, re.compile(pattern), function))
            return function
        return keep

    def handle(self, service, handler):
        path, bearer = handler.path, "Authorization" in handler.headers
        with self.lock:
            self.log.append((service, handler.command, path, bearer))
            before = self.seen[service, path]
            self.seen[service, path] += 1
        for name, pattern, function in self.tricks:
            if name == service and pattern.search(path):
                if function(handler, before) is not False:
                    return
                break
        if service == "thief":
            return handler.reply(200, b'{"value":[]}')
        status, fields, data = self.forward(service, handler)
        with self.lock:
            self.served[service, path] += 1
        handler.reply(status, data, *fields)

    def forward(self, service, handler):
        sent = {key: handler.headers[key] for key in PASSED_ON if key in handler.headers}
        request = urllib.request.Request(self.demo[service] + handler.path, handler.body or None, sent, method=handler.command)
        try:
            answer = urllib.request.urlopen(request, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            data, back = answer.read(), [(key, answer.headers[key]) for key in PASSED_BACK if key in answer.headers]
        for name, base in self.public.items():
            data = data.replace(self.demo[name].encode(), base.encode())
        return answer.status, back, data

    def stolen(self):
        """What reached the foreign hosts: nothing may."""
        return [entry for entry in self.log if entry[0] == "thief"], self.thief.connections + self.plain_thief.connections

    def stop(self):
        for server in [*self.servers.values(), self.thief, self.plain_thief]:
            server.shutdown()
            server.server_close()


def fail_some(cloud, seed, share):
    """A share of all requests fails, by a sequence that depends on seed, request and how often that was asked: statuses, a
    reset, a cut body. `cloud.failed` counts them."""
    cloud.failed = collections.Counter()

    def fail(handler, before):
        service = handler.server.service
        drawn = hashlib.sha256(f"{seed} {service} {handler.path} {before}".encode()).digest()
        if drawn[0] >= share * 256:
            return False
        kind = ("500", "503", "429", "reset", "cut")[drawn[1] % 5]
        with cloud.lock:
            cloud.failed[kind] += 1
        if kind == "reset":
            handler.reset()
        elif kind == "cut":
            handler.raw(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{"value":[', close=True)
        else:
            handler.reply(int(kind), b'{"error":{"code":"x"}}', *([("Retry-After", "1")] if kind == "429" else []))
        return True
    for service in ("login", "graph", "arm"):
        cloud.trick(service, "")(fail)


def bomb(megabytes):
    """A gzip stream of so many MiB of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(bytes(1 << 20)) for _ in range(megabytes)] + [packer.flush()])
