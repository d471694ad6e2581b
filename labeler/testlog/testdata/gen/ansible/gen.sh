# ansible-test: unit tests, which are pytest under xdist, and integration targets.
need ansible-test git || return 0
tools=$(dirname "$(dirname "$(command -v ansible-test)")")
mkdir -p ../ansible_collections/acme && rm -rf ../ansible_collections/acme/shop && cp -r . ../ansible_collections/acme/shop && cd ../ansible_collections/acme/shop && git init -q . || return 0
run ansible units ansible-test units --python-interpreter "$(command -v python3)" --python "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" --num-workers 2 --verbose
run ansible integration ansible-test integration --local --python default --continue-on-error
run ansible stops ansible-test integration --local --python default breaks late
run ansible plain ansible-test integration --local --python default ping
mkdir -p tests/integration/targets/hangs/tasks && printf -- "- ansible.builtin.command: sleep 60\n" >tests/integration/targets/hangs/tasks/main.yml
run ansible hang timeout 15 ansible-test integration --local --python default hangs ping
printf -- 'import os\nimport signal\nimport time\ndef test_stays(): pass\ndef test_dies():\n    time.sleep(1)\n    os.kill(os.getpid(), signal.SIGSEGV)\ndef test_is_late(): pass\n' >tests/unit/plugins/module_utils/test_crash.py
run ansible crash ansible-test units --python-interpreter "$(command -v python3)" --python "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" --num-workers 2 --verbose tests/unit/plugins/module_utils/test_crash.py
