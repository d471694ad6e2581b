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
