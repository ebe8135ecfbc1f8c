"""A setting whose name says that it is a secret is refused before anything starts, and its value never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from streambench.cli.main import app
from streambench.engines.common.secret_settings import refuse_secret, secret_in
from streambench.model.errors import ExitCode, UsageError

VALUE = "hidden-7f3a"


@pytest.mark.parametrize(
    ("engine", "name", "told"),
    [
        ("spark", "spark.hadoop.fs.s3a.secret.key", "'fs.s3a.secret.key' into core-site.xml"),
        ("spark", "spark.hadoop.fs.s3a.access.key", "HADOOP_CONF_DIR"),
        ("spark", "spark.hadoop.fs.azure.account.key.me.dfs.core.windows.net", "core-site.xml"),
        ("spark", "spark.executorEnv.AWS_SECRET_ACCESS_KEY", "of a spark cluster of yours"),
        ("spark", "spark.kubernetes.authenticate.driver.oauthToken", "of a spark cluster"),
        ("spark", "spark.ssl.rpc.keyStorePassword", "of a spark cluster"),
        ("spark", "kafka.sasl.jaas.config", "--kafka-config"),
        ("spark", "kafka.ssl.keystore.key", "--kafka-config"),
        ("flink", "properties.ssl.key.password", "--kafka-config"),
        ("flink", "s3.secret-key", "of a flink cluster of yours"),
        ("flink", "security.ssl.internal.keystore-password", "of a flink cluster"),
        ("kafka-streams", "producer.sasl.jaas.config", "--kafka-config"),
        ("kafka-python", "sasl_plain_password", "--kafka-config"),
    ],
)  # fmt: skip
def test_a_secret_is_refused_with_where_it_belongs(engine: str, name: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        refuse_secret(engine, name, VALUE)
    assert f"'{name}' is not set here" in refused.value.message
    assert refused.value.hint is not None
    assert told in refused.value.hint
    assert VALUE not in refused.value.message + refused.value.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spark.hadoop.fs.s3a.aws.credentials.provider", "com.amazonaws.X"),
        ("spark.hadoop.fs.s3a.endpoint", "http://minio:9000"),
        ("spark.authenticate.secret.file", "/etc/secret"),
        ("spark.authenticate.secretBitLength", "256"),
        ("spark.io.encryption.keySizeBits", "128"),
        ("spark.kerberos.renewal.credentials", "keytab"),
        ("spark.kubernetes.container.image.pullSecrets", "registry"),
        ("spark.kubernetes.driver.secretKeyRef.KEY", "store:key"),
        ("spark.kubernetes.kerberos.tokenSecret.itemKey", "item"),
        ("spark.yarn.credentials.file.retention.days", "5"),
        ("security.delegation.tokens.renewal.time-ratio", "0.75"),
        ("security.kerberos.fetch.delegation-token", "false"),
        ("kubernetes.secrets", "name:/path"),
        ("sasl.oauthbearer.token.endpoint.url", "https://idp/token"),
        ("table.exec.async-lookup.key-ordered-enabled", "true"),
        ("spark.executor.extraJavaOptions", "-XX:+UseG1GC -Djava.security.auth.login.config=/x"),
        ("default.key.serde", "Serdes"),
    ],
)
def test_what_only_tells_of_a_secret_can_be_set(name: str, value: str) -> None:
    assert secret_in(name, value) is None


def test_a_secret_among_jvm_options_is_one() -> None:
    options = f"-Xmx1g '-Djavax.net.ssl.keyStorePassword={VALUE}'"
    assert secret_in("env.java.opts.all", options) == "javax.net.ssl.keyStorePassword"


@pytest.mark.parametrize("command", ["run", "find-rate"])
@pytest.mark.parametrize(
    "setting",
    [
        "spark:spark.hadoop.fs.s3a.secret.key",
        "spark:rocksdb:spark.hadoop.fs.s3a.secret.key",
        "spark.hadoop.fs.s3a.secret.key",
    ],
    ids=["setting", "of a variant", "without an engine"],
)
def test_a_command_refuses_it_and_does_not_show_it(setting: str, command: str) -> None:
    # Were it not refused, no broker would answer.
    nowhere = ("--bootstrap-servers", "127.0.0.1:1")
    words = [command, "--engine", "spark", *nowhere, "--set", f"{setting}={VALUE}"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == ExitCode.USAGE
    assert "secret.key" in done.output
    assert VALUE not in done.output


def test_a_declared_variant_has_none_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = f'[spark.mine.settings]\n"spark.hadoop.fs.s3a.secret.key" = "{VALUE}"\n'
    (tmp_path / "variants.toml").write_text(text)
    done = CliRunner().invoke(app, ["explain", "--engine", "spark:mine"])
    assert done.exit_code == ExitCode.USAGE
    assert "by its name its value is a secret" in " ".join(done.output.split())
    assert VALUE not in done.output
