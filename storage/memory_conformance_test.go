package storage_test

import (
	"testing"

	"github.com/serai-go/processor/storage"
	"github.com/serai-go/processor/storage/storagetest"
)

// keptMemory opens clones of what a directory's store held when it was closed.
func keptMemory() storagetest.Open {
	stores := map[string]*storage.Memory{}
	return func(_ testing.TB, dir string) storage.Store {
		s := storage.NewMemory()
		if old := stores[dir]; old != nil {
			s = old.Clone()
		}
		stores[dir] = s
		return s
	}
}

func TestMemory(t *testing.T) { storagetest.Run(t, keptMemory()) }

func BenchmarkMemory(b *testing.B) { storagetest.Benchmark(b, keptMemory()) }
