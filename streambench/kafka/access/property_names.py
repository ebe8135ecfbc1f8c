"""Kafka's own names of the client properties that are translated for every client.

As in org.apache.kafka.clients.CommonClientConfigs and org.apache.kafka.common.config.SslConfigs and SaslConfigs.
"""

from __future__ import annotations

from typing import Final

BOOTSTRAP: Final = "bootstrap.servers"
PROTOCOL: Final = "security.protocol"
MECHANISM: Final = "sasl.mechanism"
JAAS: Final = "sasl.jaas.config"
TRUSTED_FILE: Final = "ssl.truststore.location"
TRUSTED: Final = "ssl.truststore.certificates"
TRUSTED_TYPE: Final = "ssl.truststore.type"
OWN_FILE: Final = "ssl.keystore.location"
OWN_CHAIN: Final = "ssl.keystore.certificate.chain"
OWN_KEY: Final = "ssl.keystore.key"
OWN_TYPE: Final = "ssl.keystore.type"
KEY_PASSWORD: Final = "ssl.key.password"
HOST_CHECK: Final = "ssl.endpoint.identification.algorithm"
# Of the mechanism OAUTHBEARER alone.
TOKEN_URL: Final = "sasl.oauthbearer.token.endpoint.url"
LOGIN_HANDLER: Final = "sasl.login.callback.handler.class"
CLIENT_ID: Final = "sasl.oauthbearer.client.credentials.client.id"
CLIENT_SECRET: Final = "sasl.oauthbearer.client.credentials.client.secret"
SCOPE: Final = "sasl.oauthbearer.scope"
HEADER_ENCODED: Final = "sasl.oauthbearer.header.urlencode"
SUBJECT_CLAIM: Final = "sasl.oauthbearer.sub.claim.name"
SCOPE_CLAIM: Final = "sasl.oauthbearer.scope.claim.name"
RETRIEVER: Final = "sasl.oauthbearer.jwt.retriever.class"
OF_OAUTH: Final = frozenset(
    {
        *(TOKEN_URL, LOGIN_HANDLER, CLIENT_ID, CLIENT_SECRET, SCOPE),
        *(HEADER_ENCODED, SUBJECT_CLAIM, SCOPE_CLAIM, RETRIEVER),
    }
)
KNOWN: Final = frozenset(
    {
        *(PROTOCOL, MECHANISM, JAAS, KEY_PASSWORD, HOST_CHECK),
        *(TRUSTED_FILE, TRUSTED, TRUSTED_TYPE, OWN_FILE, OWN_CHAIN, OWN_KEY, OWN_TYPE),
        *OF_OAUTH,
    }
)
