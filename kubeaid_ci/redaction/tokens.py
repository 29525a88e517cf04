"""Secrets that can be recognised by their own form: tokens, keys, addresses with credentials, webhook addresses."""

import re

SIGN = "(secret)"
"""Printed in place of a secret whose length is not known."""
_KEPT = rf"\1{SIGN}"

# Incoming webhooks: anyone who knows the URL may post there.
_WEBHOOKS = (
    r"(https://hooks\.slack(?:-gov)?\.com/[a-z]+/)[\w/-]+",
    r"(https://(?:\w{1,20}\.)?discord(?:app)?\.com/api/(?:v\d{1,3}/)?webhooks/)[\w/-]+",
    r"(https://[\w.-]{0,100}(?:webhook\.office|office|office365)\.com/webhook(?:b2)?/)[^\s\"'<>]+",
    r"(https://[\w.-]{1,100}\.(?:logic\.azure|powerplatform|powerautomate)\.(?:com|us|cn)(?::\d{1,5})?/)[^\s\"'<>]+",
    r"(https://api\.telegram\.org/(?:file/)?bot)[^/\s\"'<>]+",
    r"(https://events(?:\.eu)?\.pagerduty\.com/integration/)[\w-]+",
    r"(https://(?:\w{1,20}\.)?(?:nosnch\.in|hc-ping\.com|uptime\.betterstack\.com/api/v1/heartbeat)/)[\w/-]+",
    r"(https://alert\.victorops\.com/integrations/)[\w/-]+",
    r"(https://(?:webexapis\.com|api\.ciscospark\.com)/v1/webhooks/incoming/)[\w/-]+",
    r"(https://hooks\.zapier\.com/hooks/catch/)[\w/-]+",
    r"(https://maker\.ifttt\.com/trigger/[\w-]{1,100}/(?:json/)?with/key/)[\w-]+",
    r"(https?://[\w.:-]{1,200}/(?:[\w-]{1,40}/)?(?:hooks|webhook[s]?|integrations/v1/\w{1,40})/)[\w-]{20,}(?:/[\w-]+)*",
)
# Programs whose -p, -P, -w or -W takes a password.
_CLIENTS = (
    r"sshpass|mongo\w{0,8}|docker|podman|nerdctl|skopeo|oras|helm|crane|rabbitmqadmin|cqlsh|az|oc|mosquitto_\w{3}|sqlcmd|"
    r"ldap\w{3,9}|influx|argocd|htpasswd|kadmin|smbclient|tiller|vault|mc|psql"
)
_PREFIXES = (
    r"gh[oprsu]_|github_pat_|gl(?:pat|rt|dt|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-|xox[a-z]-|xapp-|A[KS]IA|AGE-SECRET-KEY-|"
    r"[rs]k_(?:live|test)_|whsec_|hv[bsr]\.|SG\.|AIza|GOCSPX-|ya29\.|npm_|pypi-|rubygems_|do[opr]_v1_|dckr_(?:pat|oat)_|hf_|"
    r"glsa_|glc_|ATATT3x|ATBB|sk-(?:ant-|proj-)?(?=[\w-]{20})|NRAK-|NRII-|tskey-|dp\.(?:st|pt|ct)\.|lin_api_|sntrys_|pul-|"
    r"shp(?:at|ca|pa|ss)_|PMAK-|EAACEdEose0cBA|CFPAT-|figd_"
)

TOKENS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"-{4,5} ?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}.*?"
            r"(?:-{4,5} ?END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}|\Z)",
            re.DOTALL,
        ),
        SIGN,
    ),
    (
        re.compile(r"-----BEGIN OpenVPN Static key V1-----.*?(?:-----END OpenVPN Static key V1-----|\Z)", re.DOTALL),
        SIGN,
    ),
    (re.compile(r"(^Private-Lines: \d{1,4}\n)(?:[A-Za-z0-9+/=]+\n?)+", re.MULTILINE), _KEPT),
    (re.compile(r"""(://)[^/\s:@"'<>?#]+(?=:(?:x-oauth-basic)?@)"""), _KEPT),
    # user:password@ or token@ in an address, and the same before one that has no scheme
    (re.compile(r"""(://[^/\s:@"'<>?#]*:)[^/\s"'<>?#]+(?=@)"""), _KEPT),
    (re.compile(r"""(://)(?!git@)[^/\s:@"'<>?#]+(?=@)"""), _KEPT),
    (
        re.compile(r"(?<![\w./-])((?!mailto|sip|xmpp)[\w.-]{1,80}:)[^@\s/:]{3,200}(?=@(?:tcp|unix)?[\w(-]{1,80}[.:)])"),
        _KEPT,
    ),
    # what signs an address, and addresses that are secret as a whole
    (
        re.compile(r"""([?&](?:sig|signature|X-(?:Amz|Goog)-(?:Signature|Credential))=)[^&\s"']+"""),
        _KEPT,
    ),
    *((re.compile(pattern), _KEPT) for pattern in _WEBHOOKS),
    # tokens with a known form: of forges, clouds and chats, JSON Web Tokens, values that SOPS encrypted, hashes
    (re.compile(rf"\b(?:{_PREFIXES})[\w.-]{{8,}}"), SIGN),
    (re.compile(r"\b\d{6,12}:AA[\w-]{30,}"), SIGN),
    (re.compile(r"\b(?:SK[0-9a-f]{32}|dapi[0-9a-f]{32}|key-[0-9a-f]{32})\b"), SIGN),
    (re.compile(r"\beyJ[\w-]{8,4000}\.[\w-]+\.[\w-]*"), SIGN),
    (re.compile(r"\bENC\[[^\[\]]*\]"), SIGN),
    (re.compile(r"(\$(?:apr1|2[abxy]?|[156y]|argon2\w{0,2})\$)[\w./$,=+-]{8,}"), _KEPT),
    (re.compile(r"\b((?:Bearer|Basic) )[A-Za-z0-9+/=._-]{8,}"), _KEPT),
    (
        re.compile(r"(https://[\w.-]{1,60}\.googleapis\.com/[^\s?]{0,300}\?(?:[^\s&]{0,300}&){0,20}?key=)[^&\s\"']+"),
        _KEPT,
    ),
    (re.compile(r"(^--?p=)(?!\d+(?:[:.]\d+)*$|/)\S+"), _KEPT),
    # files and commands that name no field: those of netrc, PostgreSQL and Redis, curl's and MySQL's arguments
    (re.compile(r"(\blogin\s{1,20}\S{1,200}\s{1,20}password\s{1,20})\S+"), _KEPT),
    (re.compile(r"^([^:\s]{1,200}:(?:\d{1,5}|\*):[^:\s]{1,200}:[^:\s]{1,200}:)\S+$", re.MULTILINE), _KEPT),
    (re.compile(r"((?<![\w-])(?:-u|--user)[ =]?[^\s:]{1,200}:)\S+"), _KEPT),
    (re.compile(r"(\b(?:mysql|mariadb)[\w-]{0,20}\b[^\n|;&]{0,200}? -p)[^\s-]\S*"), _KEPT),
    (
        re.compile(
            rf"(\b(?:{_CLIENTS})\b[^\n|;&]{{0,200}}? -[pPwW][ =]?)"
            r"(?!\d+(?:[:.]\d+)*(?:/\w+)?(?:\s|$)|tcp|udp|/)[^\s-]\S*"
        ),
        _KEPT,
    ),
    (re.compile(r"(\bredis-cli\b[^\n|;&]{0,200}? -a )\S+"), _KEPT),
    (re.compile(r"(\s-U[ =]?[^\s%]{1,100}%)\S+"), _KEPT),
    (re.compile(r"(--from-literal[= ][\"']?[\w.-]{1,100}=[\"']?)(?!\$)[^\s\"']+"), _KEPT),
    (
        re.compile(
            r"(\becho[^\S\n]{1,5}(?:-\w{1,3}[^\S\n]{1,5})?[\"']?(?:[\w-]{1,40}:)?)(?![\"'$-])[^\s|\"'$>]{4,}(?=[\"']?\s{0,5}"
            r"(?:\|[^\n|;&]{0,200}(?:--password-stdin|\bchpasswd\b|\bsudo -S\b|\bpasswd\b)|"
            r">{1,2}\s{0,5}\S{0,100}(?:passw|secret|token)))"
        ),
        _KEPT,
    ),
    # files that list users: of Postfix, whose host is in brackets, and SQL
    (re.compile(r"(^\s{0,40}\[[\w.-]{1,200}\](?::\d{1,5})?[^\S\n]{1,20}[^\s:]{1,200}:)\S+", re.MULTILINE), _KEPT),
    (
        re.compile(
            r"(\b(?:password|identified(?:\s{1,5}with\s{1,5}\S{1,40})?\s{1,5}by)\s{1,5})(?:'[^'\n]*'|\"[^\"\n]*\")",
            re.IGNORECASE,
        ),
        _KEPT,
    ),
    (
        re.compile(
            r"(\bvault[^\S\n]{1,5}login[^\S\n]{1,5}(?:-[\w=-]{1,40}[^\S\n]{1,5}){0,5})(?![$-])[\w.-]{8,}(?![\w=])"
        ),
        _KEPT,
    ),
    (
        re.compile(
            r"(\bmc\b[^\n|;&]{0,60}?\b(?:alias[^\S\n]{1,5}set|config[^\S\n]{1,5}host[^\S\n]{1,5}add)"
            r"(?:[^\S\n]{1,5}\S{1,200}){3}[^\S\n]{1,5})(?!\$)\S+"
        ),
        _KEPT,
    ),
)
