package sources

import "github.com/swerm/swerm/pipeline"

// A batch is what one worker decodes before it passes any of it on. It takes
// what waits and never waits for more: whoever fills the line may itself be
// waiting until a job of this batch is done.
type batch struct {
	work  <-chan *job
	share int   // workers that what waits is divided among
	bytes int64 // of documents that are enough
	ids   pipeline.Identifier

	jobs  []*job
	named []*pipeline.Trajectory
}

// fill waits for a job and takes a share of those behind it. It returns false
// at the end of the work.
func (b *batch) fill() bool {
	clear(b.jobs)
	b.jobs = b.jobs[:0]
	j, ok := <-b.work
	if !ok {
		return false
	}
	b.jobs = append(b.jobs, j)
	held := j.held
	for n := min(len(b.work)/b.share, batchJobs-1); n > 0 && held < b.bytes; n-- {
		select {
		case j, ok := <-b.work:
			if !ok {
				return true
			}
			b.jobs = append(b.jobs, j)
			held += j.held
		default:
			return true
		}
	}
	return true
}

// enoughRecords are hashed side by side with little left over at the end, where one
// is longer than the others.
const enoughRecords = 6

// more takes one of the jobs that still wait, which nobody else had time for, where
// the batch has few records, or one that would be hashed alone. It is called once
// all jobs are decoded.
func (b *batch) more() {
	records, held := 0, int64(0)
	for _, j := range b.jobs {
		held += j.held
		for i := range j.items {
			if j.items[i].Record != nil {
				records++
			}
		}
	}
	if records >= enoughRecords && records%2 == 0 || held >= b.bytes || len(b.jobs) == batchJobs {
		return
	}
	select {
	case j, ok := <-b.work:
		if ok {
			b.jobs = append(b.jobs, j)
		}
	default:
	}
}

// settle gives the batch's records their ids and says that its jobs are done.
func (b *batch) settle() {
	for _, j := range b.jobs {
		for _, it := range j.items {
			if it.Record != nil {
				b.named = append(b.named, &it.Record.Trajectory)
			}
		}
	}
	b.ids.Identify(b.named)
	clear(b.named)
	b.named = b.named[:0]
	for _, j := range b.jobs {
		close(j.done)
	}
}
