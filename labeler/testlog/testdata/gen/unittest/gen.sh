# unittest -v, Django's runner and nose's heir: the same lines. PY is a Python with
# django and pynose in it.
py=${PY:-python3}
export PYTHONUNBUFFERED=1
need "$py" || return 0
run unittest verbose "$py" -m unittest -v case.test_all
run unittest quiet "$py" -m unittest case.test_all
run unittest passing "$py" -m unittest -v case.test_good
run unittest crash "$py" -m unittest -v case.test_crash
run unittest broken "$py" -m unittest -v case.test_broken
run unittest hang timeout 2 "$py" -m unittest -v case.test_hang
run unittest absent "$py" -m unittest -v case.test_absent
"$py" -c 'import django' 2>/dev/null && run unittest django "$py" django_runner.py
"$py" -c 'import nose' 2>/dev/null && run unittest nose "$py" -m nose -v case/test_all.py
