# pytest as JUnit XML, and as tmux shows it in panes of several widths.
need pytest || return 0
run pytest summary pytest --no-header -rA tests
run pytest verbose pytest --no-header -v tests
run pytest quiet pytest -q tests
run pytest colour env -u NO_COLOR pytest --no-header --color=yes -rA tests
run pytest workers pytest -n 2 -v tests
run pytest crash env CRASH=1 pytest --no-header -v tests
run pytest hang env HANG=1 timeout 2 pytest --no-header -v tests
run pytest absent pytest --no-header tests/absent.py
pytest -q --junitxml report.xml tests >/dev/null 2>&1
run junitxml pytest cat report.xml
need tmux || return 0
pane() {
	tmux -f /dev/null new-session -d -s testlog -x "$1" -y 300 "env -u NO_COLOR $2; sleep 1000"
	sleep 4
	tmux capture-pane -p -t testlog | sed -e :a -e "/^\\n*\$/{\$d;N;ba" -e "}"
	tmux kill-session -t testlog
}
run pytest-pane narrow pane 60 'pytest --no-header -rA tests'
run pytest-pane standard pane 80 'pytest --no-header -rA -q tests'
run pytest-pane wide pane 160 'pytest --no-header -rA tests'
run pytest-pane crash pane 80 'CRASH=1 pytest --no-header -rA tests'
run pytest-pane hang pane 80 'HANG=1 timeout 2 pytest --no-header -rA -v tests'
