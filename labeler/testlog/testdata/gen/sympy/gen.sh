# SymPy's runner on files of our own. PY is a Python with sympy in it.
py=${PY:-python3}
export PYTHONUNBUFFERED=1
"$py" -c 'import sympy' 2>/dev/null || { echo "skipped: sympy is not installed"; return 0; }
run sympy verbose "$py" runner.py test_all.py
run sympy passing "$py" runner.py test_good.py
run sympy broken "$py" runner.py test_broken.py
run sympy crash "$py" runner.py test_crash.py
run sympy hang timeout 3 "$py" runner.py test_hang.py
