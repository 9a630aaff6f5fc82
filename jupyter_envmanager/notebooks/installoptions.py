"""Options of ``install`` commands that take the next word along, where their value is not joined by “=”.

https://pip.pypa.io/en/stable/cli/pip_install/, https://docs.astral.sh/uv/reference/cli/ and
https://docs.conda.io/projects/conda/en/stable/commands/install.html.
"""

# fmt: off
PIP_VALUES = {
    "-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url",
    "-f", "--find-links", "-t", "--target", "--prefix", "--root", "--python", "--proxy", "--trusted-host",
    "--timeout", "--retries", "--cache-dir", "--progress-bar", "--platform", "--abi", "--implementation",
    "--python-version", "--only-binary", "--no-binary", "--upgrade-strategy", "--log", "--report", "--src",
    "-C", "--config-settings", "--global-option", "--cert", "--client-cert", "--exists-action",
    "--root-user-action", "--use-feature", "--use-deprecated", "--group", "-p", "--index", "--default-index",
    "--resolution", "--prerelease", "--index-strategy", "--exclude-newer", "--link-mode",
    "--keyring-provider", "--upgrade-package", "--reinstall-package", "--overrides", "-b",
    "--build-constraints",
}
CONDA_VALUES = {
    "-c", "--channel", "-n", "--name", "-p", "--prefix", "--file", "--revision", "--solver", "--subdir",
    "--platform", "--repodata-fn", "--experimental", "-f", "--root-prefix", "-r", "--rc-file",
}
