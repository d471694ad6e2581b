package main

import "runtime/debug"

type version struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Kernel   string `json:"kernel"` // family of float kernels on this machine
}

// readVersion reads what the linker noted.
func readVersion() version {
	v := version{Version: "(devel)", Revision: "unknown", Kernel: kernelFamily()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Go = info.GoVersion
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Revision = s.Value
		}
	}
	return v
}
