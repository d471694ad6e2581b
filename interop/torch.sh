#!/usr/bin/env bash
# Installs torch, and peft and bitsandbytes, which need it, into a virtual environment that cannot import them.
# usage: interop/torch.sh VENV
set -euo pipefail
"$1/bin/python3" -c 'import torch, peft, bitsandbytes' 2>/dev/null || "$1/bin/pip" install -q -r "$(dirname "$0")/requirements-torch.txt"
