import base64
import json
from urllib.parse import quote

import pytest

from kubeaid_ci.diff.clusters import compare_cluster, compare_clusters
from kubeaid_ci.redaction.values import remover, safe_message, secret_values, secrets_of
from tests.compare.rendered import at, obj

SECRET = "S3cret/Hunter2 !"
WRITTEN = {
    "plain": SECRET,
    "quoted": repr(SECRET),
    "JSON": json.dumps({"a": SECRET}),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "address": f"https://x/{quote(SECRET, safe='')}",
    "within a sentence": f"template: the value {SECRET}, is wrong",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_message_has_no_secret_however_it_is_written(text):
    assert "Hunter2" not in safe_message(text, {SECRET})
    assert base64.b64encode(SECRET.encode()).decode() not in safe_message(text, {SECRET})


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("hunter", "at '/password': 'hunter' does not match pattern '^[A-Z]$'"),
        ("abc", "the value 'abc' is too short"),
        ("it's4me", r"at '/password': 'it\'s4me' is not valid"),
        ("12345678", "got 1.2345678e+07, want string"),
        ("12345678", "got 12345678, want string"),
        ("long" * 20, "the value longlonglonglong…"),
    ],
)
def test_messages_hold_no_short_word_number_or_piece_of_a_secret(secret, message):
    shown = safe_message(message, {secret})
    assert "(secret)" in shown
    assert secret[:6] not in shown.replace("(secret)", "").replace("short", "") or secret == "abc"
    assert f"'{secret}'" not in shown


@pytest.mark.parametrize(
    "secret", ["admin", "postgres", "my-db-credentials", "db-v2", "5m", "1.2.3", "{{ .x }}", "/a/b"]
)
def test_common_words_names_and_versions_stay_in_what_is_shown_of_objects(secret):
    text = f"image: r.example.com/{secret}, user {secret}"
    assert remover({secret})(text) == text


def test_a_secret_is_no_part_of_a_longer_word():
    assert remover({"hunter2"})("hunter22 xhunter2 hunter2") == "hunter22 xhunter2 (secret)"


def test_secrets_are_collected_by_name_and_from_secrets_at_any_depth():
    values = {
        "a": [{"adminPassword": "one"}],
        "raw": {"kind": "Secret", "data": {"x": "dHdvVHdvMg=="}},
        "pin": {"token": 3},
    }
    assert secret_values(values) == {"one", "dHdvVHdvMg==", "twoTwo2", "3"}


def test_secrets_in_a_text_of_a_secret_are_collected():
    body = obj("Secret", stringData={"config": "user: x\npassword: hunter2\nurl: http://u:other3@h/\n"})
    assert {"hunter2", "other3"} <= secrets_of(at(body))


def test_a_value_of_a_secret_is_shown_nowhere_else_in_the_application():
    secret = obj("Secret", stringData={"anything": "S3cretHunter2"})

    def config(text):
        return obj("ConfigMap", data={"motd": text})

    before, after = ([at(secret), at(config(text))] for text in ("hello", "say S3cretHunter2 aloud"))
    found = compare_clusters({"prod": before}, {"prod": after})
    assert "S3cretHunter2" not in repr(found)
    assert "say (secret) aloud" in repr(found)
    assert "S3cretHunter2" not in repr(compare_cluster("prod", before, after, diffs=True))


def test_a_secret_among_the_values_is_shown_nowhere():
    before, after = ([at(obj("ConfigMap", data={"x": text}))] for text in ("a", "S3cretHunter2"))
    found = compare_cluster("prod", before, after, diffs=True, secrets={"S3cretHunter2"})
    assert "S3cretHunter2" not in repr(found)
