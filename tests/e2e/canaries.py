"""A cloud between assay and the demo server that puts a canary in the place of everything personal, and the search for
them: in plain, base64, hexadecimal and UTF-16 form."""
import base64
import http.server
import json
import random
import threading
import urllib.error
import urllib.request

PERSONAL = ("displayName", "userPrincipalName", "mail", "deviceName", "description", "publisherName", "homepage", "serialNumber")
PASSED_ON = ("Authorization", "Content-Type", "client-request-id")
PASSED_BACK = ("Content-Type", "Retry-After", "request-id", "x-ms-request-id")


def forms(text):
    """Every way in which the bytes of a canary could lie about: base64 at each of its three alignments, without the characters
    that its neighbours decide."""
    data = text.encode()
    encoded = []
    for before in range(3):
        coded = base64.b64encode(bytes(before) + data).rstrip(b"=")
        encoded.append(coded[(0, 2, 3)[before]:-1])
    url_safe = [c.translate(bytes.maketrans(b"+/", b"-_")) for c in encoded]
    return list(dict.fromkeys([data, *encoded, *url_safe, data.hex().encode(), data.hex().upper().encode(),
                               text.encode("utf-16-le"), text.encode("utf-16-be")]))


class CanaryCloud:
    """`access` is that of the demo server, with its three services behind this one. `planted` grows with each answer."""

    def __init__(self, access, seed):
        self.demo, self.planted, self.random, self.lock = access, {}, random.Random(seed), threading.Lock()
        self.servers = {name: self.serve(name) for name in ("login", "graph", "arm")}
        self.access = {**access, **{name: self.base(server) for name, server in self.servers.items()}}

    def base(self, server):
        return f"http://127.0.0.1:{server.server_port}"

    def serve(self, name):
        cloud = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length", 0))
                status, headers, body = cloud.forward(name, self.command, self.path, self.headers, self.rfile.read(length))
                self.send_response(status)
                for key, value in headers:
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def forward(self, name, method, path, headers, body):
        sent = {key: headers[key] for key in PASSED_ON if key in headers}
        request = urllib.request.Request(self.demo[name] + path, body or None, sent, method=method)
        try:
            answer = urllib.request.urlopen(request, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            data, back = answer.read(), [(key, answer.headers[key]) for key in PASSED_BACK if key in answer.headers]
        return answer.status, back, data if name == "login" else self.plant(data)

    def plant(self, data):
        text = json.dumps(self.replace(json.loads(data)), ensure_ascii=False) if data else ""
        for name in self.servers:
            text = text.replace(self.demo[name], self.access[name])
        return text.encode()

    def replace(self, value, key=""):
        if isinstance(value, dict):
            return {k: self.replace(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self.replace(v) for v in value]
        return self.canary(value) if key in PERSONAL and isinstance(value, str) and value else value

    def canary(self, original):
        """The same for the same text, so that what belongs together stays together."""
        with self.lock:
            if original not in self.planted:
                self.planted[original] = f"canary{len(self.planted)}.{self.random.getrandbits(64):016x}"
            return self.planted[original]

    def stop(self):
        for server in self.servers.values():
            server.shutdown()
            server.server_close()


def find(canaries, folder):
    """(file, canary) for each canary that lies in a file of the folder, in any of its forms."""
    needles = [(canary, form) for canary in canaries for form in forms(canary)]
    found = set()
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = file.read_bytes()
        found |= {(file.name, canary) for canary, form in needles if form in data}
    return found
