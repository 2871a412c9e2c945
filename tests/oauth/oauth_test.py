"""assay proves itself to an OAuth server that nobody here wrote (npm oidc-provider): it verifies our assertions itself.

Exit 77 where node or the server's packages are missing: tools/install-oauth-server fetches them."""
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import scenario  # noqa: E402

MODULES = pathlib.Path(os.environ.get("ASSAY_OAUTH_SERVER", "build/oauth-server")).resolve()


def base64url(number):
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


def public_jwk(certificate):
    """The public key of a PEM certificate as the server wants it."""
    text = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-modulus"], capture_output=True, text=True,
                          check=True).stdout
    return {"kty": "RSA", "use": "sig", "n": base64url(int(re.search("=([0-9A-F]+)", text)[1], 16)), "e": "AQAB"}


class OauthServer:
    def __init__(self, client, claims):
        self.process = subprocess.Popen(["node", HERE / "server.mjs", MODULES], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        wanted = {"tenant": scenario.TENANT_ID, "clients": [client], "claims": claims}
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        line = next((line for line in self.process.stdout if line.startswith("{")), None)
        if line is None:
            raise AssertionError(f"the OAuth server ended at its start: {self.process.wait(10)}")
        self.base = json.loads(line)["base"]

    def stop(self):
        """Ends the server; gives the reasons of its refusals."""
        if self.process.stdin.closed:
            return []
        out, _ = self.process.communicate(timeout=20)
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


class Oauth(scenario.Scenario):
    # Graph is not there: what is tested is the token.
    CLAIMS = {"roles": ["User.Read.All"]}

    def prepare(self, client, credential):
        server = OauthServer({"id": scenario.CLIENT_ID, **client}, self.CLAIMS)
        self.addCleanup(server.stop)
        access = {**self.cloud({}).access, "login": server.base}
        self.configure(access, plugins=['id = "graph"'])
        file = self.home / "assay.toml"
        if credential:
            file.write_text(re.sub(r"credential = .*", f"credential = {credential}", file.read_text()))
        return server

    def attempt(self):
        done = self.assay("tenant", "test", "t", "--json")
        return done, done.json()["data"]

    def certificate(self):
        file = self.home / "assay.toml"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=assay",
                        "-keyout", self.home / "app.key", "-out", self.home / "app.crt"], check=True, capture_output=True)
        (self.home / "app.key").chmod(0o600)
        return file

    def credential(self, algorithm):
        return (f'{{ kind = "certificate", client_id = "{scenario.CLIENT_ID}", certificate = "app.crt", '
                f'ref = "file:{self.home / "app.key"}", algorithm = "{algorithm}" }}')

    def test_a_client_secret_is_taken(self):
        self.prepare({"secret": "not-a-real-one"}, None)
        done, data = self.attempt()
        self.assertEqual(data.get("error"), None, done.text)
        self.assertEqual(data["granted"], ["User.Read.All"])

    def test_a_wrong_secret_is_refused_and_explained(self):
        server = self.prepare({"secret": "another-one"}, None)
        done, data = self.attempt()
        self.assertEqual(done.code, 6, done.text)
        self.assertEqual(data["code"], "AS-CON-001")
        self.assertIn("invalid_client", data["error"])
        self.assertNotIn("not-a-real-one", done.text)
        self.assertTrue(server.stop())

    def test_an_assertion_is_verified_by_the_public_key(self):
        for algorithm in ("PS256", "RS256"):
            with self.subTest(algorithm):
                self.certificate()
                self.prepare({"jwk": public_jwk(self.home / "app.crt"), "alg": algorithm}, self.credential(algorithm))
                done, data = self.attempt()
                self.assertEqual(data.get("error"), None, done.text)
                self.assertEqual(data["granted"], ["User.Read.All"])

    def test_an_assertion_of_another_key_is_refused(self):
        self.certificate()
        old = public_jwk(self.home / "app.crt")
        self.certificate()
        server = self.prepare({"jwk": old, "alg": "PS256"}, self.credential("PS256"))
        done, data = self.attempt()
        self.assertEqual(done.code, 6, done.text)
        self.assertEqual(data["code"], "AS-CON-001")
        self.assertTrue(server.stop())


if __name__ == "__main__":
    if shutil.which("node") is None or not (MODULES / "node_modules/oidc-provider").is_dir():
        print(f"SKIPPED: no node, or no oidc-provider in {MODULES}; run tools/install-oauth-server", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
