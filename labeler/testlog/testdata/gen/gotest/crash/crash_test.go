package crash

import "testing"

func TestBefore(t *testing.T) {}

func TestAdd(t *testing.T) { t.Run("inner", func(t *testing.T) { panic("boom") }) }

func TestAfter(t *testing.T) {}
