#!/usr/bin/env bash
# Installs torch into a virtual environment that cannot import it.
# usage: interop/torch.sh VENV
set -euo pipefail
"$1/bin/python3" -c 'import torch' 2>/dev/null || "$1/bin/pip" install -q -r "$(dirname "$0")/requirements-torch.txt"
