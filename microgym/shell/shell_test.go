package shell

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func shop() map[string]string {
	return map[string]string{
		"README.md":               "# shop\n",
		"shop/__init__.star":      "",
		"shop/pricing.star":       "def price_after(price, percent):\n    cut = price * percent // 100\n    return price - cut + 1\n",
		"shop/stock.star":         "def count(items):\n    return len(items)\n",
		"tests/test_pricing.star": "load(\"shop/pricing.star\", \"price_after\")\n\ndef test_small():\n    assert_eq(price_after(100, 10), 90)\n\ndef test_type():\n    assert_eq(type(price_after(1, 1)), \"int\")\n",
	}
}

func run(t *testing.T, w *Workspace, command string) Result {
	t.Helper()
	r := w.Run(context.Background(), command)
	if r.Err != nil {
		t.Fatalf("%s: %v", command, r.Err)
	}
	return r
}

// TestCommands holds commands to what bash and coreutils answer. Each runs in
// a tree of its own.
func TestCommands(t *testing.T) {
	for _, c := range []struct {
		command, want string
		code          int
	}{
		// the shell
		{"echo a; echo b && echo c || echo d", "a\nb\nc\n", 0},
		{"false || echo no; true && echo yes", "no\nyes\n", 0},
		{"false", "", 1},
		{"! false", "", 0},
		{"exit 3; echo x", "", 3},
		{"(exit 4); echo $?", "4\n", 0},
		{"foo", "bash: line 1: foo: command not found\n", 127},
		{"echo a\nfoo -x", "a\nbash: line 2: foo: command not found\n", 127},
		{"./shop/stock.star", "bash: line 1: ./shop/stock.star: Permission denied\n", 126},
		{"/usr/bin/python x.py", "bash: line 1: python: command not found\n", 127},
		{"pwd; cd shop; pwd; ls; cd -; cd nope", "/repo\n/repo/shop\n__init__.star\npricing.star\nstock.star\n/repo\nbash: cd: nope: No such file or directory\n", 1},
		{"x=1; y=$((x + 2)); echo \"$x $y ${#y} ${z:-none} ${x}x\"", "1 3 1 none 1x\n", 0},
		{"for f in shop/*.star; do echo \"<$f>\"; done", "<shop/__init__.star>\n<shop/pricing.star>\n<shop/stock.star>\n", 0},
		{"echo *.nope ~root ~ $HOME", "*.nope ~root /root /root\n", 0},
		{"i=0; while [ $i -lt 3 ]; do i=$((i+1)); if [ $i -eq 2 ]; then continue; fi; echo $i; done", "1\n3\n", 0},
		{"for ((i=0; i<3; i++)); do [[ $i == 1 ]] && break; echo $i; done; echo end", "0\nend\n", 0},
		{"f() { local x=$1; echo \"in $x $#\"; return 5; }; f a b; echo $? [$x]", "in a 2\n5 []\n", 0},
		{"case abc in a*) echo A;; *) echo B;; esac", "A\n", 0},
		{"if grep -q nope README.md; then echo y; else echo n; fi", "n\n", 0},
		{"echo $(echo a; echo b) \"$(cat README.md)\"", "a b # shop\n", 0},
		{"cat <<EOF\nx $((1+1))\nEOF\ncat <<'EOF'\n$x `y`\nEOF", "x 2\n$x `y`\n", 0},
		{"cat <<< hi | tr a-z A-Z", "HI\n", 0},
		{"printf '%s-%03d\\n' a 7 b 8", "a-007\nb-008\n", 0},
		{"printf 'a\\nb\\n' | while read l; do echo \"[$l]\"; done", "[a]\n[b]\n", 0},
		{"echo hi > x.txt; echo there >> x.txt; cat x.txt; wc -l x.txt; wc -l < x.txt", "hi\nthere\n2 x.txt\n2\n", 0},
		{"cat nope 2>/dev/null; cat nope 2>&1 | wc -l; echo a >&2", "1\na\n", 0},
		{"cat nope > out 2>&1; cat out", "cat: nope: No such file or directory\n", 0},
		{"cat < nope", "bash: line 1: nope: No such file or directory\n", 1},
		{"echo x > /etc/x", "bash: line 1: /etc/x: No such file or directory\n", 1},
		{"echo x > /x", "bash: line 1: /x: Permission denied\n", 1},
		{"echo x > shop", "bash: line 1: shop: Is a directory\n", 1},
		{"set -e; false; echo no", "", 1},
		{"set -e; if false; then :; fi; false || true; echo yes", "yes\n", 0},
		{"set -u; echo $nope; echo after", "bash: nope: unbound variable\n", 1},
		{"set -o pipefail; false | true; echo $?", "1\n", 0},
		{"a=(x y z); a[1]=Y; echo ${a[1]} ${#a[@]} ${a[@]}", "Y 3 x Y z\n", 0},
		{"[[ abc =~ ^a(.)c$ ]] && echo ${BASH_REMATCH[1]}", "b\n", 0},
		{"[[ -f README.md && ! -d README.md ]] && echo ok; test -d shop -a ! -e nope && echo ok", "ok\nok\n", 0},
		{"eval 'echo hi'; bash -c 'echo $0 $1' a b; echo 'echo s' > s.sh; . ./s.sh; sh s.sh", "hi\na b\ns\ns\n", 0},
		{"command -v grep; which nope; type cd", "/usr/bin/grep\ncd\n", 0},
		{"echo 'unclosed", "bash: -c: line 1: syntax error: reached EOF without closing quote `'`\n", 2},
		{"echo {a,b}{1..3}", "a1 a2 a3 b1 b2 b3\n", 0},
		{"echo $$ $PPID $RANDOM $RANDOM", "1 1 0 21468\n", 0},
		{"env | grep -c =", "5\n", 0},
		// text
		{"cat -n shop/stock.star | head -1", "     1\tdef count(items):\n", 0},
		{"seq 20 | head -n 2; seq 20 | tail -2; seq 20 | tail -n +19; seq 5 | head -n -3", "1\n2\n19\n20\n19\n20\n1\n2\n", 0},
		{"seq 3 | sort -rn | tr '\\n' ' '", "3 2 1 ", 0},
		{"printf 'b 2\\na 10\\nb 2\\n' | sort | uniq -c; printf 'b 2\\na 10\\n' | sort -k2 -n", "      1 a 10\n      2 b 2\nb 2\na 10\n", 0},
		{"echo a:b:c | cut -d: -f2", "b\n", 0},
		{"head -z x", "head: invalid option -- 'z'\n", 1},
		{"cat nope README.md", "cat: nope: No such file or directory\n# shop\n", 1},
		{"cat shop", "cat: shop: Is a directory\n", 1},
		{"diff README.md shop/stock.star | head -2", "--- README.md\n+++ shop/stock.star\n", 0},
		// search
		{"grep -n return shop/*.star", "shop/pricing.star:3:    return price - cut + 1\nshop/stock.star:2:    return len(items)\n", 0},
		{"grep -rn 'def c' .", "./shop/stock.star:1:def count(items):\n", 0},
		{"grep -rl count shop; grep -c a README.md; grep -i SHOP README.md", "shop/stock.star\n0\n# shop\n", 0},
		{"grep -rnE 'price|count' --include='st*' ; grep -o 'pr[a-z]*' shop/pricing.star | sort -u", "shop/stock.star:1:def count(items):\nprice\n", 0},
		{"grep -A1 -n cut shop/pricing.star | head -2; grep x nope; grep -q x README.md", "2:    cut = price * percent // 100\n3:    return price - cut + 1\ngrep: nope: No such file or directory\n", 1},
		{"find . -name '*.star' -not -path './tests/*'", "./shop/__init__.star\n./shop/pricing.star\n./shop/stock.star\n", 0},
		{"find shop -type f -exec wc -l {} \\;", "0 shop/__init__.star\n3 shop/pricing.star\n2 shop/stock.star\n", 0},
		{"find . -maxdepth 1 -type d; find nope", ".\n./shop\n./tests\nfind: 'nope': No such file or directory\n", 1},
		{"grep -rl def shop | xargs wc -l | tail -1", "5 total\n", 0},
		{"ls; ls -a shop; ls nope", "README.md\nshop\ntests\n.\n..\n__init__.star\npricing.star\nstock.star\nls: cannot access 'nope': No such file or directory\n", 2},
		// edits
		{"sed -n '2,3p' shop/pricing.star", "    cut = price * percent // 100\n    return price - cut + 1\n", 0},
		{"sed -i 's/ + 1$//' shop/pricing.star; tail -1 shop/pricing.star", "    return price - cut\n", 0},
		{"sed -i '2s/\\/\\/ 100/\\/\\/ 10/' shop/pricing.star; sed -n 2p shop/pricing.star", "    cut = price * percent // 10\n", 0},
		{"sed '1d;$d' shop/pricing.star; sed -E 's/(price) - (cut)/\\2 - \\1/' shop/pricing.star | tail -1", "    cut = price * percent // 100\n    return cut - price + 1\n", 0},
		{"sed -i '3c\\\n    return price - cut' shop/pricing.star; cat shop/pricing.star", "def price_after(price, percent):\n    cut = price * percent // 100\n    return price - cut\n", 0},
		{"sed -i '2i\\    # here' shop/stock.star; sed -i '$a # end' shop/stock.star; cat shop/stock.star", "def count(items):\n    # here\n    return len(items)\n# end\n", 0},
		{"sed '/cut =/,$ { s/price/PRICE/g; p }' shop/pricing.star | wc -l", "5\n", 0},
		{"sed 's/x' README.md", "sed: -e expression #1, char 3: unterminated `s' command\n", 1},
		{"sed -n 1p nope", "sed: nope: No such file or directory\n", 2},
		{"mkdir -p a/b; touch a/b/c; cp -r a z; mv z/b y; ls y; rm -r a z y; ls", "c\nREADME.md\nshop\ntests\n", 0},
		{"rm shop; rm nope; rm -f nope; rm -rf /", "rm: cannot remove 'shop': Is a directory\nrm: cannot remove 'nope': No such file or directory\nrm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n", 1},
		{"rm -rf *; ls; git status -s | head -2; git checkout -- . ; ls", " D README.md\n D shop/__init__.star\nUpdated 5 paths from the index\nREADME.md\nshop\ntests\n", 0},
		// programs
		{"git diff; echo x >> README.md; git diff; git status -s; git diff --stat", "diff --git a/README.md b/README.md\n--- a/README.md\n+++ b/README.md\n@@ -1,1 +1,2 @@\n # shop\n+x\n M README.md\n README.md | 1 +\n 1 file changed, 1 insertion(+)\n", 0},
		{"echo x > README.md; git checkout README.md; cat README.md; git stash", "Updated 1 path from the index\n# shop\ngit: 'stash' is not available here\n", 1},
		{"git diff > p; echo x > README.md; git diff README.md > /tmp/p; git checkout -q README.md; git apply /tmp/p; cat README.md", "Updated 1 path from the index\nx\n", 0},
		{"starlark -c 'load(\"shop/pricing.star\", \"price_after\"); print(price_after(100, 10))'", "91\n", 0},
		{"echo 'print(1 // 0)' > /tmp/x.star; starlark /tmp/x.star 2>/dev/null; starlark /tmp/x.star", "Traceback (most recent call last):\n  tmp/x.star:1:9: in <module>\nError: floored division by zero\n", 1},
		{"cat > /tmp/t.star <<'EOF'\nload('shop/stock.star', 'count')\nprint(count([1]))\nEOF\nstarlark /tmp/t.star; starlark < /tmp/t.star; starlark nope.star", "1\n1\nstarlark: can't open file 'nope.star': No such file or directory\n", 2},
		{"pytest -q --tb=no", "F.                                                                       [100%]\n=========================== short test summary info ============================\nFAILED tests/test_pricing.star::test_small - assert 91 == 90\n1 failed, 1 passed in 0.01s\n", 1},
		{"cd tests; python -m pytest -q test_pricing.star::test_type | tail -1; pytest -q -k small 2>&1 | tail -n 1", "1 passed in 0.01s\n1 failed, 1 deselected in 0.01s\n", 0},
		{"pytest --nope", "ERROR: usage: pytest [options] [file_or_dir] [...]\npytest: error: unrecognized arguments: --nope\n", 4},
		{"submit; echo no", "", 0},
	} {
		r := run(t, New(shop()), c.command)
		if d := cmp.Diff(c.want, r.Output); d != "" || r.Code != c.code {
			t.Errorf("%s\ncode %d, want %d\n%s", c.command, r.Code, c.code, d)
		}
	}
}

func TestWorkspace(t *testing.T) {
	files := shop()
	w := New(files)
	run(t, w, "sed -i 's/ + 1//' shop/pricing.star; echo x > /tmp/x; mkdir empty")
	if files["shop/pricing.star"] != shop()["shop/pricing.star"] {
		t.Error("the map that was given has changed")
	}
	if got := w.Files(); len(got) != 5 || strings.Contains(got["shop/pricing.star"], "+ 1") {
		t.Errorf("files %v", got)
	}
	if !strings.Contains(w.Diff(), "-    return price - cut + 1\n+    return price - cut\n") {
		t.Error(w.Diff())
	}
	if r := run(t, w, "cat /tmp/x; export y=1; cd shop"); r.Output != "x\n" || r.Submitted {
		t.Errorf("%+v", r)
	}
	if r := run(t, w, "pwd; echo [$y]"); r.Output != "/repo\n[]\n" {
		t.Errorf("a command saw another one's shell: %+v", r)
	}
	if r := run(t, w, "submit"); !r.Submitted {
		t.Error("not submitted")
	}
}

// TestNothingReal holds that no file, name or process of the host shows.
func TestNothingReal(t *testing.T) {
	t.Chdir(t.TempDir())
	secret := "host-secret-4711"
	if err := os.WriteFile("secret", []byte(secret), 0o644); err != nil {
		t.Fatal(err)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SECRET", secret)
	host, _ := os.Hostname()
	for _, c := range []string{
		"cat /etc/passwd", "echo $(< /etc/passwd)", "cat < /etc/passwd", "ls /proc /sys /dev", "cat /proc/self/environ", "echo /etc/* /proc/*", "echo ~root ~nobody ~daemon",
		"cat " + dir + "/secret", "cat ../../../../../" + dir + "/secret", "cd " + dir + " && cat secret", "source " + dir + "/secret", ". /etc/profile", "bash " + dir + "/secret",
		"exec /bin/sh -c id", "/bin/id", "/bin/cat /etc/passwd", "command cat /etc/passwd", "eval cat /etc/passwd", "echo $SECRET", "env", "printenv", "set", "export",
		"starlark -c 'load(\"/etc/passwd\", \"x\")'", "starlark /etc/passwd", "pytest /etc", "git -C / log", "find / -name passwd", "grep -r root /etc", "cp /etc/passwd x; cat x",
		"ln -s /etc/passwd x; cat x", "mkfifo x", "cat <(cat /etc/passwd)", "cat /dev/tcp/127.0.0.1/80", "echo x > /dev/sda", "hostname", "uname -a", "id", "ps", "touch " + dir + "/made",
		"echo x > " + dir + "/made", "mkdir -p " + dir + "/made", "rm -rf " + dir, "rm -rf / --no-preserve-root", "test -e " + dir + "/secret && echo host-secret-4711",
		"[[ -f /etc/passwd ]] && echo root:", "type -a ls; hash; command -v id", "curl http://127.0.0.1", "cd /; ls", "pwd -P", "echo $BASH_VERSION $HOSTNAME $UID $PPID $$", "diff -r /etc /proc",
		"tee " + dir + "/made < README.md", "read x < /etc/passwd; echo $x", "mapfile a < /etc/passwd; echo ${a[0]}", "trap 'cat /etc/passwd' EXIT", "sed -n 1p /etc/passwd", "sed 'r /etc/passwd' README.md", "sed 'e id' README.md", "sed 's/a/id/e' README.md", "sed 'w /tmp/w' README.md",
	} {
		r := run(t, New(shop()), c)
		for _, bad := range []string{secret, "root:x:0", "uid=", "PID", "Linux"} {
			if strings.Contains(r.Output, bad) {
				t.Errorf("%s: shows %q: %s", c, bad, r.Output)
			}
		}
		if host != "" && len(host) > 4 && strings.Contains(r.Output, host) {
			t.Errorf("%s: shows the host's name: %s", c, r.Output)
		}
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) != 1 {
		t.Errorf("the host's folder has %v, %v", entries, err)
	}
}

// TestLimits holds that every command line ends, by itself or by a limit, and
// that none crashes. What each took is logged.
func TestLimits(t *testing.T) {
	for _, c := range []struct{ name, command, want string }{
		{"loop", "while true; do :; done", "Killed"},
		{"loop without commands", "while [[ 1 ]]; do [[ 1 ]]; done", "Killed"},
		{"arithmetic loop", "for ((;;)); do ((i++)); done", "Killed"},
		{"until", "until false; do x=1; done", "Killed"},
		{"recursion", "f() { f; }; f", "maximum function nesting level exceeded"},
		{"fork bomb", ":(){ :|:& };:", "background jobs are not available"},
		{"pipe bomb", "f(){ f|f; }; f", "nesting"},
		{"subshells", strings.Repeat("(", 5000) + "echo" + strings.Repeat(")", 5000), ""},
		{"substitutions", strings.Repeat("$(", 3000) + "echo" + strings.Repeat(")", 3000), ""},
		{"background", "sleep 1000 &", "background jobs are not available"},
		{"sleep", "sleep 1000000", ""},
		{"doubling", "x=aaaaaaaaaa; while true; do x=$x$x; done", "Killed"},
		{"doubling in one line", "x=aaaaaaaaaa" + strings.Repeat("; x=$x$x", 100), "Killed"},
		{"doubling assignments", "x=aaaaaaaaaa " + strings.Repeat(" x=$x$x", 100), "Killed"},
		{"doubling export", "x=aaaaaaaaaa; export " + strings.Repeat(" x=$x$x", 100), "Killed"},
		{"array", "a=(x); while true; do a=(${a[@]} ${a[@]}); done", "Killed"},
		{"expansions", "echo " + strings.Repeat("$x", 1000), "expansions"},
		{"replacement", "x=aaaa; echo ${x//a/$x}", "bad substitution"},
		{"braces", "echo {1..1000000000}", "brace expansion"},
		{"nested braces", "echo {1..1000}{1..1000}{1..1000}", "brace expansion"},
		{"brace list", "echo " + strings.Repeat("{a,b}", 40), "too long"},
		{"printf width", "printf %1000000000d 1", "invalid format"},
		{"printf star", "printf '%*d' 1000000000 1", "invalid format"},
		{"seq", "seq 1000000000", "Killed"},
		{"seq to a file", "seq 1000000000 > x", "Killed"},
		{"seq to nowhere", "seq 1 9223372036854775807 > /dev/null", "Killed"},
		{"file doubling", "echo aaaaaaaaaaaaaaaaaaaa > x; while true; do cat x x > y; mv y x; done", ""},
		{"many files", "for i in $(seq 4000); do touch f$i; done", ""},
		{"glob bomb", "mkdir -p a/b; echo " + strings.Repeat("*/../", 60), ""},
		{"glob star", "shopt -s globstar; echo " + strings.Repeat("**/", 30), ""},
		{"regular expression", "seq 20000 > x; grep -E '(1{100}){100}' x", ""},
		{"long regular expression", "grep -E " + strings.Repeat("a", 5000) + " README.md", "too big"},
		{"sed growth", "echo a > x; for i in $(seq 100); do sed -i 's/a/aa/g' x; done", ""},
		{"sed growth in one script", "echo aaaaaaaa | sed '" + strings.Repeat("s/a/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/g;", 20) + "'", "Killed"},
		{"xargs", "seq 100 | xargs -I{} bash -c 'while :; do :; done'", "Killed"},
		{"find and exec", "find . -exec find . -exec find . -exec find . -exec echo {} \\; \\; \\; \\;", ""},
		{"conditions with expressions", "x=a; for i in 1 2 3 4 5 6 7 8 9; do x=$x$x; done; while :; do [[ $x =~ (a*b*){900}c ]]; done", "Killed"},
		{"conditions with patterns", "x=a; p='*a'; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do x=$x$x; p=$p$p; done; while :; do [[ $x == ${p}b ]]; done", "Killed"},
		{"tr of a long set", "seq 20000 > x; while :; do tr \"$(seq 2000)\" a < x > /dev/null; done", "Killed"},
		{"cut of many ranges", "seq 20000 > x; while :; do cut -c $(seq 3000 | tr '\\n' ,)1 x > /dev/null; done", "Killed"},
		{"eval", "x='eval $x'; eval $x", "nesting"},
		{"source itself", "echo '. ./s' > s; . ./s", "nesting"},
		{"script calls itself", "echo 'bash s' > s; bash s", "nesting"},
		{"cp into itself", "cp -r . x; cp -r . x; cp -r shop shop/x", "into itself"},
		{"starlark loops", "for i in $(seq 1000); do starlark -c 'for i in range(1<<60): pass'; done", "Killed"},
		{"starlark output", "starlark -c 'for i in range(10000): print(\"x\"*100)'", "output cut"},
		{"case", "x=$(seq 3000); case $x in " + strings.Repeat("*", 200) + "z) ;; esac", ""},
		{"test depth", "test " + strings.Repeat("! ", 3000) + "x", "too deep"},
		{"condition depth", "[[ " + strings.Repeat("! ", 3000) + "x ]]", ""},
		{"arithmetic depth", "echo $((" + strings.Repeat("(", 3000) + "1" + strings.Repeat(")", 3000) + "))", ""},
		{"tr", "tr '\\001-\\377' a < README.md", ""},
		{"huge command", "echo " + strings.Repeat("a", 1<<20), "Argument list too long"},
		{"xargs growth", "printf '%s\\n' " + strings.Repeat("a", 2000) + " | xargs -I{} echo " + strings.Repeat("{}", 3000), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			r := run(t, New(shop()), c.command)
			if !strings.Contains(r.Output, c.want) {
				t.Errorf("output %q, want %q", cut(r.Output, 500), c.want)
			}
			if len(r.Output) > 2*maxOutputBytes {
				t.Errorf("%d bytes of output", len(r.Output))
			}
			t.Logf("%v, code %d: %s", time.Since(start), r.Code, cut(r.Output, 120))
		})
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := New(shop())
	if r := w.Run(ctx, "echo hi"); r.Err == nil || r.Output != "" {
		t.Errorf("%+v", r)
	}
	if r := w.Call(ctx, "submit", "{}"); r.Err == nil || r.Submitted {
		t.Errorf("%+v", r)
	}
}

func TestCutMiddle(t *testing.T) {
	r := run(t, New(shop()), "seq 10000")
	if len(r.Output) > maxOutputBytes+100 || !strings.HasPrefix(r.Output, "1\n2\n") || !strings.HasSuffix(r.Output, "9999\n10000\n") || !strings.Contains(r.Output, "lines cut ...]\n") {
		t.Errorf("%d bytes: %s", len(r.Output), cut(r.Output, 100))
	}
}
