package testproc

import "testing"

func TestResidentPeak(t *testing.T) {
	ForgetPeak(t)
	before := ResidentPeak(t)
	block := make([]byte, 32<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	if grew := ResidentPeak(t) - before; grew < 30<<20 {
		t.Errorf("32 MiB were touched and the peak grew by %d bytes", grew)
	}
}

func TestPeakOf(t *testing.T) {
	if peak, err := peakOf([]byte("VmSize:\t 99 kB\nVmHWM:\t     123 kB\nVmRSS: 7 kB\n")); err != nil || peak != 123<<10 {
		t.Errorf("%d, %v", peak, err)
	}
	if _, err := peakOf([]byte("Name:\tx\n")); err == nil {
		t.Error("a status without the line gave a peak")
	}
}
