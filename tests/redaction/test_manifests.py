import base64
import json
from functools import partial
from typing import Any

import pytest

from kubeaid_ci.compare.display import object_change, unified
from kubeaid_ci.redaction.texts import masked_text, secret_name
from tests.compare.rendered import changed, container, found, obj, workload

OLD, NEW = "hunter2hunter2", "correcthorse9"
B64 = {OLD: "aHVudGVyMmh1bnRlcjI=", NEW: "Y29ycmVjdGhvcnNlOQ=="}


def env(secret: str) -> Any:
    return workload(
        pod={"containers": [container(env=[{"name": "DB_PASSWORD", "value": secret}, {"name": "A", "value": "1"}])]}
    )


def arguments(*args: str) -> Any:
    return workload(pod={"containers": [container(args=list(args))]})


def config(text: str) -> Any:
    return obj("ConfigMap", data={"file": text})


def variable(name: str, secret: str) -> Any:
    return workload(pod={"containers": [container(env=[{"name": name, "value": secret}])]})


def stating(text: str, secret: str) -> Any:
    return config(text.replace("SECRET", secret))


def encoded(text: str, secret: str) -> Any:
    return config(base64.b64encode(text.replace("SECRET", secret).encode()).decode())


def arguments_with(words: tuple[str, ...], secret: str) -> Any:
    return arguments(*(word.replace("SECRET", secret) for word in words))


NESTING = {
    "a Crossplane Object": ("Object", ("forProvider", "manifest")),
    "a ManifestWork": ("ManifestWork", ("workload", "manifests", 0)),
    "a Composition": ("Composition", ("resources", 0, "base", "spec", "forProvider", "manifest")),
    "a Kyverno policy": ("ClusterPolicy", ("rules", 0, "generate", "data")),
    "a list": ("Thing", ("list", "items", 0)),
    "a template": ("ResourceTemplate", ("template", "objects", 0, "raw")),
}


def nested(place: tuple[str, tuple[str | int, ...]], secret: str) -> Any:
    kind, steps = place
    value: Any = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"config": B64[secret]}}
    for step in reversed(steps):
        value = [value] if isinstance(step, int) else {step: value}
    return obj(kind, api="example.com/v1", spec=value)


MAKERS = {
    "secret data": lambda s: obj("Secret", data={"a": B64[s]}),
    "secret stringData": lambda s: obj("Secret", stringData={"a": f"user: x\nvalue: {s}\n"}),
    "last applied": lambda s: obj(
        "Secret",
        metadata={"annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": s})}},
    ),
    "sealed secret": lambda s: obj("SealedSecret", api="bitnami.com/v1alpha1", spec={"encryptedData": {"a": s}}),
    "variable": env,
    "argument": lambda s: arguments("--verbose", f"--api-token={s}"),
    "argument after its flag": lambda s: arguments("--password", s),
    "shell": lambda s: arguments("-c", f"login --password {s} && run"),
    "custom resource": lambda s: obj("Thing", spec={"auth": {"clientSecret": s}, "passwords": [s]}),
    "parameter": lambda s: obj(
        "Application", spec={"source": {"helm": {"parameters": [{"name": "db.password", "value": s}]}}}
    ),
    "values": lambda s: obj("Application", spec={"source": {"helm": {"values": f"db:\n  password: {s}\n  host: x\n"}}}),
    "ini": lambda s: config(f"[db]\npassword = {s}\n"),
    "json": lambda s: config(json.dumps({"db": {"password": s}, "env": [{"name": "TOKEN", "value": s}]})),
    "yaml": lambda s: config(f"env:\n- name: API_TOKEN\n  value: {s}\nb: 1\n"),
    "yaml that cannot be read": lambda s: config(f"env: [\n- name: API_TOKEN\n  value: {s}\n"),
    "docker": lambda s: config(json.dumps({"auths": {"registry.example.com": {"auth": s}}})),
    "auth line": lambda s: config(f"user = x\nsmtp-auth = {s}\n"),
    "address": lambda s: config(f"url=postgres://user:{s}@db/x"),
    "header": lambda s: config(f"Authorization: Bearer {s}"),
    **{
        f"variable {name}": partial(variable, name)
        for name in ("AWS_ACCESS_KEY_ID", "BEARER", "DB_CREDS", "GITHUB_PAT", "HMAC_KEY", "JWT", "PSK", "SESSION_KEY")
    },
    **{
        text: partial(stating, text)
        for text in (
            "AccountName=x;AccountKey=SECRET==;EndpointSuffix=c",
            "https://SECRET@git.example.com/x",
            "postgres://u:p@SECRET@db/x",
            "user:SECRET@tcp(db:3306)/x",
            "https://x.example.com/c?sv=1&sig=SECRET",
            "https://x.example.com/c?X-Amz-Signature=SECRET",
            "https://hooks.slack.com/services/T0/B0/SECRET",
            "curl -u admin:SECRET http://x.example.com",
            "mysql -uroot -pSECRET",
            "redis-cli -a SECRET",
            "vault login -method=token SECRET",
            "mc alias set store http://minio:9000 admin SECRET",
            "smbclient -U user%SECRET //server/share",
            "kubectl create secret generic x --from-literal=anything=SECRET",
            "echo SECRET | docker login -u x --password-stdin registry.example.com",
            "echo 'root:SECRET' | chpasswd",
            "echo SECRET > /etc/agent/token",
            "CREATE USER x WITH PASSWORD 'SECRET';",
            "GRANT ALL ON x.* TO 'a'@'%' IDENTIFIED BY 'SECRET'",
            "[smtp.example.com]:587 user:SECRET",
            "proxy_set_header X-Token SECRET;",
            ': PSK "SECRET"',
            '"admin" "SECRET"\n"reader" "SECRET"\n',
            "  auth_pass SECRET1",
            "<match>\n  shared_key SECRET1\n</match>",
            "erlangCookie: SECRET",
            "user_key: SECRET\nother: x",
            "secretGenerator:\n- name: x\n  literals: [anything=SECRET]\n",
            "admin:$apr1$SECRET",
            "db:5432:x:user:SECRET",
            "machine h login u password SECRET",
            "requirepass SECRET",
            "<password>SECRET</password>",
            '<add key="ApiSecret" value="SECRET"/>',
            "<property name='db.password' value='SECRET'/>",
            "ldap.bind.credential SECRET1",
            'encrypt = "SECRETSECRETSECRETSE="',
            'token = """\nSECRET\n"""',
            "$cfg['password'] = 'SECRET';",
            "define('DB_PASSWORD', 'SECRET');",
            "x hvs.SECRETSECRET",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nSECRET\n-----END PGP PRIVATE KEY BLOCK-----",
            "client-key-data: SECRET",
            "uri ldap://ldap.example.com\nbinddn cn=admin\nbindpw SECRET\n",
            "machine h.example.com\n  login u\n  password SECRET\n",
            "receivers:\n- name: pd\n  pagerduty_configs:\n  - routing_key: SECRET\n",
            "- service_key: SECRET",
            "https://acme.webhook.office.com/webhookb2/SECRET/IncomingWebhook/a/b",
            "https://prod-1.westeurope.logic.azure.com:443/workflows/SECRET/triggers/manual/paths/invoke",
            "https://hooks.slack.com/workflows/T0/A0/1/SECRET",
            "https://discord.com/api/v10/webhooks/1/SECRET",
            "https://api.telegram.org/bot123456789:SECRET/sendMessage",
            "https://events.pagerduty.com/integration/SECRET/enqueue",
            "https://alert.victorops.com/integrations/generic/1/alert/SECRET/x",
            "https://hc-ping.com/SECRET",
            "https://chat.example.com/hooks/SECRETSECRET",
            "https://chat.googleapis.com/v1/spaces/A/messages?key=SECRET&token=SECRET",
            "https://api.opsgenie.com/v1/json/x?apiKey=SECRET",
            "sshpass -p SECRET ssh host",
            "ldapsearch -D cn=admin -w SECRET -b dc=x",
            "docker login -u x -p SECRET r.example.com",
            "export LICENSE=SECRET",
            "Cookie: session=SECRET; a=b",
            "Authorization: GenieKey SECRET",
            "{SSHA}SECRET",
            "user default on >SECRET ~* +@all\npassword x",
            "apiVersion: v1\nkind: Secret\ndata:\n  anything: SECRET\n---\nkind: ConfigMap\n",
            "items: [\napiVersion: v1\nkind: Secret\nstringData:\n  anything: SECRET\n",
            '{"kind": "Secret", "data": {"anything": "SECRET"}} {}',
            "[client]\nuser=x\npassword=SECRET\n",
            "db.password=SECRET\n",
            "spring.datasource.password: SECRET",
            "jdbc:postgresql://h/db?user=x&password=SECRET",
            "Server=db;User Id=sa;Password=SECRET;",
            "amqp://user:SECRET@mq/vhost",
            "PrivateKey = SECRET",
            "vault_secret_id=SECRET",
            "https://SECRET:x-oauth-basic@github.com/a/b",
        )
    },
    **{
        f"encoded {text}": partial(encoded, text)
        for text in ("password: SECRET\n", "postgres://u:SECRET@db/x", '{"auths": {"r": {"auth": "SECRET"}}}')
    },
    **{
        f"argument {' '.join(words)}": partial(arguments_with, words)
        for words in (
            ("-p", "SECRET"),
            ("--password", "SECRET"),
            ("-p=SECRET",),
            ("-password", "SECRET"),
            ("mysql", "-pSECRET"),
            ("ldapsearch", "-w", "SECRET"),
            ("--docker-password", "SECRET"),
            ("--header", "Authorization: Bearer SECRET"),
        )
    },
    **{
        f"variable {name}": partial(variable, name)
        for name in ("LICENSE", "COOKIE", "SESSION_COOKIE", "PAGERDUTY_ROUTING_KEY", "LDAP_BINDPW", "SLACK_WEBHOOK_URL")
    },
    "variable with a cookie": lambda s: variable("COOKIE", f"session={s}"),
    **{f"Secret within {name}": partial(nested, path) for name, path in NESTING.items()},
    **{
        f"Application {name}": make
        for name, make in {
            "valuesObject": lambda s: obj(
                "Application", spec={"source": {"helm": {"valuesObject": {"db": {"password": s}}}}}
            ),
            "values in a list": lambda s: obj(
                "Application", spec={"sources": [{"helm": {"values": f"a: [\n  {{password: {s}}}]\nb: 1\n"}}]}
            ),
            "parameter of an item": lambda s: obj(
                "Application", spec={"source": {"helm": {"parameters": [{"name": "users[0].password", "value": s}]}}}
            ),
            "plugin": lambda s: obj(
                "Application", spec={"source": {"plugin": {"env": [{"name": "TOKEN", "value": s}]}}}
            ),
        }.items()
    },
    "patch of a Secret": lambda s: obj(
        "Policy", spec={"patches": [{"op": "add", "path": "/data/password", "value": s}]}
    ),
    **{f"a text {text}": partial(stating, text) for text in ('{"inner": "{\\"password\\": \\"SECRET\\"}"}',)},
    "file of a key": lambda s: obj("ConfigMap", data={"tls.key": s}),
    "argument of redis-cli": lambda s: arguments("redis-cli", "-a", s),
    "shared key": lambda s: obj("Thing", spec={"preSharedKey": s}),
    "secrets by name": lambda s: obj("Thing", spec={"tokens": {"ci": s}, "secret": {"data": {"a": s}}}),
    "text of a secret": lambda s: obj("Thing", spec={"templates": [{"stringData": {"a": s}}]}),
    "keys of a data source": lambda s: obj("Thing", spec={"secureJsonData": {"httpHeaderValue1": s}}),
    "header with a login": lambda s: obj("Thing", spec={"httpHeaders": [{"name": "Authorization", "value": s}]}),
    "header by name": lambda s: obj("Thing", spec={"headers": {"Proxy-Authorization": s}}),
    "parameter by key": lambda s: obj("Thing", spec={"params": [{"key": "password", "value": s}]}),
    "key": lambda s: config(f"-----BEGIN RSA PRIVATE KEY-----\n{s}\n-----END RSA PRIVATE KEY-----\n"),
}


def all_shown(old: Any, new: Any) -> str:
    return "".join(repr(object_change(one, noise=True)) + unified(one) for one in found(old, new))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_secret_that_changes_shows_as_changed_and_as_nothing_else(make: Any) -> None:
    text = all_shown(make(OLD), make(NEW))
    assert "changed)" in text or "bytes" in text
    assert not any(part in text for part in (OLD, NEW, *B64.values()))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("way", ["comes", "goes"])
def test_a_secret_that_comes_or_goes_shows_no_more(make: Any, way: str) -> None:
    whole = make(OLD)
    bare = {name: value for name, value in whole.items() if name in ("apiVersion", "kind")} | {
        "metadata": {"name": "x", "namespace": "n"}
    }
    text = all_shown(bare, whole) if way == "comes" else all_shown(whole, bare)
    text += all_shown([], whole) if way == "comes" else all_shown(whole, [])
    assert text
    assert not any(part in text for part in (OLD, B64[OLD]))


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        ("abc", "abc\n", '"abc"', '"abc\\n"'),
        ("a\nb\n", "a\nb", '"b\\n"', '"b"'),
        ("a\r\nb\n", "a\nb\n", '"a\\r\\n"', '"a\\n"'),
        ("a\nb\n", "a\nc\n", "b", "c"),
    ],
)
def test_ends_of_lines_are_shown_if_nothing_else_differs(old: str, new: str, before: str, after: str) -> None:
    (difference,) = found(config(old), config(new))
    (field,) = object_change(difference).fields
    assert (field.before, field.after) == (before, after)


def test_the_length_of_a_secret_is_shown_where_it_is_known() -> None:
    (difference,) = found(obj("Secret", data={"a": B64[OLD]}), obj("Secret", data={"a": B64[NEW]}))
    (field,) = object_change(difference).fields
    assert (field.before, field.after) == ("(secret, 14 bytes)", "(secret, 13 bytes)")


def test_secrets_of_one_length_are_told_to_differ() -> None:
    (difference,) = found(env("aaaa"), env("bbbb"))
    (field,) = object_change(difference).fields
    assert (field.before, field.after) == ("(secret, 4 bytes)", "(secret, 4 bytes) (changed)")
    assert "+        - name: DB_PASSWORD" not in unified(difference)
    assert "(secret, 4 bytes) (changed)" in unified(difference)


def test_what_is_no_secret_is_shown() -> None:
    old = workload(pod={"volumes": [{"name": "v", "secret": {"secretName": "old-tls"}}]})
    new = changed(old, "spec", "template", "spec", "volumes", 0, "secret", "secretName", to="new-tls")
    (difference,) = found(old, new)
    assert [(field.before, field.after) for field in object_change(difference).fields] == [("old-tls", "new-tls")]


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "DB_PASSWORD",
        "dbPassword",
        "clientSecret",
        "API_KEY",
        "apiKey",
        "token",
        "AUTH_TOKEN_2",
        "secretKey",
        "credentials",
        "SMTP_PASS",
        "auth",
    ],
)
def test_names_that_stand_for_secrets(name: str) -> None:
    assert secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "secretName",
        "passwordFile",
        "tokenTTL",
        "secretKeyRef",
        "tokenSecretRef",
        "secretStore",
        "image",
        "replicas",
        "author",
        "key",
        "",
        "PASSWORD_PATH",
        "compat",
        "existingSecret",
        "imagePullSecrets",
        "checksum/secret",
        "passwordPolicy",
        "passwordEncryption",
        "passwordMinLength",
        "tokenReviewer",
        "routingKey",
        "license",
        "sessionKeyRef",
        "key.json",
        "primaryKey",
    ],
)
def test_names_that_speak_about_secrets_or_something_else(name: str) -> None:
    assert not secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "run --tokenTTL=5m",
        "secretName: web-tls",
        "a: b",
        "https://example.com/a@b",
        "--config /etc/token-file x",
        "passwordPolicy: strong",
        "checksum/secret: 0123456789abcdef0123456789abcdef",
        "image: r.example.com/token-service:v1.2.3",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "mkdir -p /data && ssh -p 22 host && docker run -p 8080:80 x",
        "iptables -p tcp --dport 80",
        "kind: ConfigMap\ndata:\n  a: hello\n",
        "https://grafana.com/docs/webhooks/index.html",
        base64.b64encode(b"a plain text without anything to hide").decode(),
        "existingSecret: db-credentials",
        "the token is read from a file",
        "User-Agent: Basic example text",
    ],
)
def test_texts_without_secrets_stay_as_they_are(text: str) -> None:
    assert masked_text(text) == text


def test_a_long_text_without_a_secret_is_read_in_a_moment() -> None:
    assert len(masked_text("a-" * 200_000 + "token")) > 400_000


@pytest.mark.parametrize("text", ["abc:defg/", "://a:", "token ", "'token',", "<a ", "name: a\n"])
def test_a_text_that_is_made_to_be_read_again_and_again_is_read_once(text: str) -> None:
    assert masked_text("token " + text * 40_000).startswith("token ")


@pytest.mark.parametrize("image", ["docker.io/bitnami/sealed-secrets-controller:0.36.6", "r.io/a/token:v1.2.0-alpine"])
def test_images_with_telling_names_keep_their_versions(image):
    assert masked_text(f"pull {image} now") == f"pull {image} now"


@pytest.mark.parametrize("text", ["secret/app/password=1.2.3", "a/password:hunter2", "password:1.2.3"])
def test_what_only_looks_like_an_image_is_masked(text):
    assert masked_text(text).endswith("(secret)")
