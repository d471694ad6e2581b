package hang

import (
	"testing"
	"time"
)

func TestQuick(t *testing.T) {}

func TestHangs(t *testing.T) { t.Run("deep", func(t *testing.T) { time.Sleep(time.Hour) }) }
