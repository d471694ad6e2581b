package kernel

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	"golang.org/x/sys/cpu"
)

// What the register XCR0 says that the system saves: vectors of all widths,
// masks, and the configuration and the data of tiles.
const tileState = 1<<1 | 1<<2 | 7<<5 | 3<<17

// The call by which a process asks for the state of tiles, which signals would
// otherwise have no room for. Go's signal stacks of 32 KiB have.
const (
	archRequestPermission = 0x1023
	tileData              = 18
)

// tilesError says why this process may not use tiles; nil: it may. It asks the
// system for permission, once.
var tilesError = sync.OnceValue(func() error {
	x := &cpu.X86
	for _, need := range []struct {
		name string
		has  bool
	}{{"AVX-512 (F, BW, DQ, VL)", hasAVX512()}, {"AVX512_BF16", x.HasAVX512BF16}, {"AMX-TILE", x.HasAMXTile}, {"AMX-BF16", x.HasAMXBF16}} {
		if !need.has {
			return fmt.Errorf("this machine has no %s", need.name)
		}
	}
	if !x.HasOSXSAVE || xgetbv()&tileState != tileState {
		return errors.New("this system does not save the state of tiles")
	}
	if _, _, e := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, archRequestPermission, tileData, 0); e != 0 {
		return fmt.Errorf("this system refuses permission to use tiles: %w", e)
	}
	return nil
})
