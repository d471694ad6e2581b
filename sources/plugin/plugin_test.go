package plugin_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swerm/swerm/internal/testpath"
	"github.com/swerm/swerm/pipeline"
	"github.com/swerm/swerm/sources/format"
	"github.com/swerm/swerm/sources/plugin"
)

// fakeMode makes the test binary a plugin.
const fakeMode = "SWERM_TEST_PLUGIN"

func TestMain(m *testing.M) {
	if mode := os.Getenv(fakeMode); mode != "" {
		fake(mode)
		return
	}
	os.Exit(m.Run())
}

// fake answers questions in one of many ways. A document that holds "bad" is what
// it misbehaves on.
func fake(mode string) {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var q struct {
			N    int64
			URI  string
			Data struct{ ID string }
			Text *string
		}
		if json.Unmarshal(line, &q) != nil {
			os.Exit(9)
		}
		id := q.Data.ID
		if q.Text != nil {
			id = "text:" + strings.TrimSpace(*q.Text)
		}
		good := fmt.Sprintf(`{"n":%d,"instance_id":%q,"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"a"}]}`, q.N, id)
		if id == "bad" {
			misbehave(mode, q.N, good)
			continue
		}
		fmt.Println(good)
	}
}

func misbehave(mode string, n int64, good string) {
	switch mode {
	case "die":
		fmt.Fprintln(os.Stderr, "I \x1b[31mgive up")
		os.Exit(3)
	case "hang":
		time.Sleep(time.Hour)
	case "garbage":
		fmt.Println("not JSON")
	case "twice":
		fmt.Println(good + "\n" + good)
	case "shift":
		fmt.Printf(`{"n":%d,"ignore":true}`+"\n", n+1)
	case "unknown":
		fmt.Printf(`{"n":%d,"instance_id":"x","mesages":[]}`+"\n", n)
	case "role":
		fmt.Printf(`{"n":%d,"instance_id":"x","messages":[{"role":"narrator"}]}`+"\n", n)
	case "nameless":
		fmt.Printf(`{"n":%d,"messages":[]}`+"\n", n)
	case "error":
		fmt.Printf(`{"n":%d,"error":"half of it is missing"}`+"\n", n)
	case "ignore":
		fmt.Printf(`{"n":%d,"ignore":true}`+"\n", n)
	case "early":
		fmt.Println(good)
		os.Exit(0)
	}
}

// open starts the test binary as a plugin.
func open(t *testing.T, mode string, timeout time.Duration, stderr io.Writer) *plugin.Format {
	t.Helper()
	t.Setenv(fakeMode, mode)
	c, err := plugin.Parse(`'` + os.Args[0] + `' "two words"`)
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout, c.Stderr = timeout, stderr
	f, err := plugin.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func ask(f *plugin.Format, data string) (*format.Record, error) {
	for r, err := range f.Decode(format.Document{URI: "a/b.json", Row: 4, Data: []byte(data)}) {
		return r, err
	}
	return nil, errors.New("nothing")
}

// TestMisbehaviourFailsItsOwnRecord holds that whatever a program does to one
// document, the next one is read.
func TestMisbehaviourFailsItsOwnRecord(t *testing.T) {
	for mode, want := range map[string]string{
		"die": "exit status 3", "hang": "no answer in time", "garbage": "no answer to what was asked", "twice": "more than one line", "shift": "n is not 2",
		"unknown": "mesages", "role": `role "narrator"`, "nameless": "without instance_id", "error": "half of it is missing", "ignore": "not a trajectory",
	} {
		t.Run(mode, func(t *testing.T) {
			limit := time.Minute
			if mode == "hang" {
				limit = 200 * time.Millisecond
			}
			f := open(t, mode, limit, nil)
			for i, doc := range []string{`{"id":"one"}`, `{"id":"bad"}`, `{"id":"three"}`} {
				r, err := ask(f, doc)
				switch {
				case i == 1 && (err == nil || !strings.Contains(err.Error(), want)):
					t.Errorf("%v, want %s", err, want)
				case i == 1 && errors.Is(err, format.ErrIgnored) != (mode == "ignore"):
					t.Errorf("ignored: %v", err)
				case i != 1 && err != nil:
					t.Errorf("document %d: %v", i, err)
				case i != 1 && (len(r.Messages) != 2 || *r.Usage.Turns != 1 || r.Messages[0].Kind != pipeline.KindIssue):
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

// TestAProgramThatEndsAfterAnsweringIsStartedAgain is for those that read one line.
func TestAProgramThatEndsAfterAnsweringIsStartedAgain(t *testing.T) {
	f := open(t, "early", time.Minute, nil)
	if _, err := ask(f, `{"id":"bad"}`); err != nil {
		t.Fatal(err)
	}
	_, first := ask(f, `{"id":"one"}`)
	if _, err := ask(f, `{"id":"two"}`); err != nil {
		t.Errorf("%v after %v", err, first)
	}
}

// TestAProgramThatNeverAnswersIsGivenUp is for scripts that end with a mistake.
func TestAProgramThatNeverAnswersIsGivenUp(t *testing.T) {
	f := open(t, "die", time.Minute, nil)
	for i := 0; f.Broken() == nil; i++ {
		if _, err := ask(f, `{"id":"bad"}`); err == nil || i == 100 {
			t.Fatalf("question %d: %v", i, err)
		}
	}
	if _, err := ask(f, `{"id":"one"}`); err == nil || !strings.Contains(err.Error(), "no answer to any") {
		t.Error(err)
	}
	f = open(t, "die", time.Minute, nil)
	_, _ = ask(f, `{"id":"one"}`)
	for range 20 {
		_, _ = ask(f, `{"id":"bad"}`)
	}
	if err := f.Broken(); err != nil {
		t.Errorf("a program that has answered: %v", err)
	}
}

func TestStandardErrorIsShownUnderAName(t *testing.T) {
	var out bytes.Buffer
	f := open(t, "die", time.Minute, &out)
	_, _ = ask(f, `{"id":"bad"}`)
	if got, want := out.String(), filepath.Base(os.Args[0])+": I give up\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTextIsSentAsTextAndBytesAreNot(t *testing.T) {
	f := open(t, "ok", time.Minute, nil)
	for doc, want := range map[string]string{"[user]\n": "text:[user]", `{"id":`: `text:{"id":`} {
		r, err := ask(f, doc)
		if err != nil || *r.InstanceID != want {
			t.Errorf("%q: %v %v", doc, r, err)
		}
	}
	for _, doc := range []string{"\xff\xfe", "a\x00b"} {
		if _, err := ask(f, doc); !errors.Is(err, format.ErrIgnored) {
			t.Errorf("%q: %v", doc, err)
		}
	}
}

func TestManyAskAtOnce(t *testing.T) {
	f := open(t, "ok", time.Minute, nil)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for k := range 25 {
				id := fmt.Sprintf("%d-%d", i, k)
				r, err := ask(f, `{"id":"`+id+`"}`)
				if err != nil || *r.InstanceID != id {
					t.Errorf("%s: %v %v", id, r, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestACancelledImportEndsTheProgram(t *testing.T) {
	t.Setenv(fakeMode, "hang")
	c, err := plugin.Parse(`'` + os.Args[0] + `'`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f, err := plugin.Open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := ask(f, `{"id":"bad"}`); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCommandsAreWordsAndQuotes(t *testing.T) {
	exe, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command")
	}
	c, err := plugin.Parse(" go  'a b' c\\ d \"e'f\" '' ")
	if err != nil || c.Path != exe {
		t.Fatal(c, err)
	}
	if d := cmp.Diff([]string{"a b", "c d", "e'f", ""}, c.Args); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"", " ", "'go", "go \\", "there-is-no-such-command", "./nothing"} {
		if _, err := plugin.Parse(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// TestTheHashCoversScripts holds that another script behind the same command is
// another program.
func TestTheHashCoversScripts(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	script := filepath.Join(t.TempDir(), "decode.py")
	hash := func(text string) string {
		if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := plugin.Parse("go " + script)
		if err != nil {
			t.Fatal(err)
		}
		if c.Title() != "decode.py" {
			t.Errorf("title %s", c.Title())
		}
		return c.SHA256
	}
	if a, b, c := hash("one"), hash("two"), hash("one"); a == b || a != c {
		t.Errorf("%s %s %s", a, b, c)
	}
}

// TestPythonExample runs the example that the documentation shows.
func TestPythonExample(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3")
	}
	example(t, "python3 "+filepath.Join(testpath.Root(), "examples", "plugins", "python", "chatlog.py"),
		"[user]\nMend it.\n[agent]\nls\n[shell]\ncat.py\n", pipeline.KindIssue, pipeline.KindAction, pipeline.KindObservation)
}

// TestGoExample builds and runs the other one.
func TestGoExample(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "decoder")
	build := exec.Command("go", "build", "-o", exe, "./examples/plugins/go")
	build.Dir = testpath.Root()
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	example(t, exe, `{"task":"octo__cat-7","model":"acme/rocket","steps":[{"do":"ls","see":"cat.py"}],"diff":"d"}`, pipeline.KindAction, pipeline.KindObservation)
}

func example(t *testing.T, command, doc string, want ...pipeline.MessageKind) {
	t.Helper()
	c, err := plugin.Parse(command)
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = os.Stderr
	f, err := plugin.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ask(f, doc)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []pipeline.MessageKind
	for _, m := range r.Messages {
		kinds = append(kinds, m.Kind)
	}
	if d := cmp.Diff(want, kinds); d != "" {
		t.Error(d)
	}
	if _, err := ask(f, `3`); !errors.Is(err, format.ErrIgnored) {
		t.Errorf("another document: %v", err)
	}
}
