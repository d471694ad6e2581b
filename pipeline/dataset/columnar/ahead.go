package columnar

// maxAheadBytes is the largest page that is decoded before its turn: two of the
// widest that are written here. Larger ones are a giant row's.
const maxAheadBytes = 2 * WidePageBytes

// An aheadPage is a page that was decoded ahead, or why it was not.
type aheadPage struct {
	page page
	err  error // wraps errBudget where the page has to wait for its turn
}

// lookAhead has the next page decoded by another goroutine, unless there is none.
// Until takeAhead the reader belongs to that goroutine, all but its open page and
// its dictionary.
func (r *pageReader) lookAhead() {
	if r.turns == nil || r.seen == r.meta.values {
		return
	}
	r.ahead = make(chan aheadPage, 1)
	go func(ahead chan<- aheadPage) {
		r.turns <- struct{}{}
		defer func() { <-r.turns }()
		var a aheadPage
		func() {
			defer recoverTo(&a.err, "")
			a.page, a.err = r.openAhead()
		}()
		ahead <- a
	}(r.ahead)
}

func (r *pageReader) openAhead() (page, error) {
	if err := r.find(); err != nil {
		return page{}, err
	}
	if r.found.raw > maxAheadBytes {
		return page{}, errBudget
	}
	return r.open()
}

// takeAhead waits for the page that is being decoded ahead, if one is.
func (r *pageReader) takeAhead() (a aheadPage, ok bool) {
	if r.ahead == nil {
		return a, false
	}
	a, r.ahead = <-r.ahead, nil
	return a, true
}

// startAhead begins with the first page of every column. So many pages are decoded
// at a time.
func (s *stream) startAhead(workers int) {
	turns := make(chan struct{}, workers)
	for _, c := range s.cols {
		c.turns = turns
		c.lookAhead()
	}
}
