package report

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// browserTime is far more than a page of one second needs on a busy machine.
const browserTime = 2 * time.Minute

// chromium returns the browser, which CI installs.
func chromium(t *testing.T) string {
	t.Helper()
	// Labels are placed by the widths of this font, which the PNG files carry.
	if fonts, err := exec.Command("fc-list", ":", "family").Output(); err != nil || !strings.Contains(string(fonts), "Liberation Sans") {
		t.Skip("no Liberation Sans for the browser to write with: apt-get install fonts-liberation")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium to look at pages with: apt-get install chromium")
	return ""
}

// A layout is what a browser made of a page.
type layout struct {
	Client, Scroll int      // width of the window and of the page
	Wide           []string // elements that stick out of the window and do not scroll by themselves
	Overlaps       []string // texts of one figure that touch
	Outside        []string // texts that leave their figure
	Smallest       float64  // letters of figures, in pixels
	Texts          int
}

// measure is run by the browser on every frame of the page around the reports.
const measure = `
function measure(d) {
	const out = {Client: d.documentElement.clientWidth, Scroll: d.documentElement.scrollWidth,
		Wide: [], Overlaps: [], Outside: [], Smallest: 1e9, Texts: 0};
	for (const e of d.body.querySelectorAll("*"))
		if (e.getBoundingClientRect().right > out.Client + 1 && !e.closest(".scroll, pre, svg")) out.Wide.push(e.tagName + " " + e.textContent.slice(0, 40));
	for (const svg of d.querySelectorAll("svg")) {
		const box = svg.getBoundingClientRect(), seen = [];
		for (const t of svg.querySelectorAll("text")) {
			const b = t.getBoundingClientRect(), shrink = 0.18 * b.height;
			const r = {l: b.left + 0.5, r: b.right - 0.5, t: b.top + shrink, b: b.bottom - shrink, text: t.textContent};
			for (const o of seen) if (r.l < o.r && o.l < r.r && r.t < o.b && o.t < r.b) out.Overlaps.push(o.text + " / " + r.text);
			if (b.left < box.left - 1 || b.right > box.right + 1 || b.top < box.top - 1 || b.bottom > box.bottom + 1) out.Outside.push(r.text);
			out.Smallest = Math.min(out.Smallest, parseFloat(t.getAttribute("font-size")) * box.width / svg.viewBox.baseVal.width);
			out.Texts++;
			seen.push(r);
		}
	}
	return out;
}
onload = () => { document.title = JSON.stringify([...document.querySelectorAll("iframe")].map(f => measure(f.contentDocument))); };
`

// A sight is a page in a window of a width.
type sight struct {
	page  string
	width int
}

// lay has the browser render pages. They stand in frames, since a window
// cannot be as narrow as a phone.
func lay(t *testing.T, sights []sight) []layout {
	t.Helper()
	dir := t.TempDir()
	around := `<!DOCTYPE html><meta charset="utf-8"><script>` + measure + `</script>`
	for _, s := range sights {
		around += fmt.Sprintf(`<iframe style="border:0;width:%dpx;height:30000px" srcdoc="%s"></iframe>`, s.width, html.EscapeString(s.page))
	}
	file := filepath.Join(dir, "around.html")
	if err := os.WriteFile(file, []byte(around), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), browserTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium(t), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--dump-dom", "file://"+file)
	cmd.WaitDelay = 10 * time.Second // children that hold the pipe
	var stderr strings.Builder
	cmd.Stderr = &stderr
	dom, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, stderr.String())
	}
	title := regexp.MustCompile(`<title>(\[[^<]*)</title>`).FindSubmatch(dom)
	if title == nil {
		t.Fatalf("the browser measured nothing: %.300s", dom)
	}
	var out []layout
	if err := json.Unmarshal([]byte(html.UnescapeString(string(title[1]))), &out); err != nil || len(out) != len(sights) {
		t.Fatalf("%d of %d pages measured: %v", len(out), len(sights), err)
	}
	return out
}

// TestPageFitsTheWindow renders pages in a real browser as a phone, a tablet
// and a desktop show them.
func TestPageFitsTheWindow(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser needs seconds: run without -short")
	}
	chromium(t)
	var sights []sight
	var names []string
	for _, w := range []*world{newWorld(t), hostileWorld(t), bareWorld(t)} {
		page, _ := w.build().page(everything()...)
		for _, width := range []int{360, 768, 1280} {
			sights = append(sights, sight{page, width})
			names = append(names, fmt.Sprintf("%d policies, %d pixels", len(w.ev.ByPolicy), width))
		}
	}
	for i, l := range lay(t, sights) {
		if l.Client != sights[i].width || l.Scroll > l.Client || len(l.Wide) > 0 {
			t.Errorf("%s: the page is %d pixels wide in a window of %d: %q", names[i], l.Scroll, l.Client, l.Wide)
		}
		if l.Texts < 30 || len(l.Overlaps) > 0 || len(l.Outside) > 0 {
			t.Errorf("%s: of %d texts in figures overlap %q, and %q leave their figure", names[i], l.Texts, l.Overlaps, l.Outside)
		}
		if l.Smallest < 8 {
			t.Errorf("%s: letters of %.1f pixels are too small to read", names[i], l.Smallest)
		}
	}
}
