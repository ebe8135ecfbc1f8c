#!/usr/bin/env bash
# kafka-python 3.0.12 writes a user's name into SCRAM's first message as it is. RFC 5802 (section 5.1,
# saslname) wants a comma as =2C and an equals sign as =3D; scramp does so since 1.5.0, and did not in 1.4.6.
# To a server that follows the standard "be,nch" is the user "be" with an attribute behind it that nobody
# knows, and "a=b" is no name at all. Who has such a name cannot log in by kafka-python, unless it is given
# with the escapes.
#
# Seen with kafka-python 3.0.12 and scramp 1.5.0 (Python 3.11, Linux):
#   be,nch  kafka-python n,,n=be,nch,r=…  scramp n,,n=be=2Cnch,r=…
#   a=b     kafka-python n,,n=a=b,r=…  scramp n,,n=a=3Db,r=…
#
# Fails when the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check kafka-python==3.0.12 scramp==1.5.0
"$folder/venv/bin/python" - <<'PY'
import re

import scramp
from kafka.net.sasl.scram import ScramClient

found = {}
for name in ("be,nch", "a=b"):
    first = (
        ScramClient(name, "secret", "SCRAM-SHA-256").first_message().decode(),
        scramp.ScramClient(["SCRAM-SHA-256"], name, "secret").get_client_first(),
    )
    found[name] = tuple(re.sub(r"r=.*", "r=…", text) for text in first)
    print(f"{name:<7} kafka-python {found[name][0]}  scramp {found[name][1]}")
assert found == {
    "be,nch": ("n,,n=be,nch,r=…", "n,,n=be=2Cnch,r=…"),
    "a=b": ("n,,n=a=b,r=…", "n,,n=a=3Db,r=…"),
}, found
PY
echo "as described"
