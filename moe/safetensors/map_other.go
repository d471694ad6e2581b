//go:build !unix

package safetensors

import "os"

func mapFile(path string) (*mapping, error) {
	f, _, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := os.ReadFile(path)
	return &mapping{data: data}, err
}
