package comm

import (
	"strings"
	"testing"
)

func TestFromEnv(t *testing.T) {
	const secret = "0123456789abcdef"
	for _, c := range []struct {
		name    string
		env     map[string]string
		rank    int
		size    int
		network string
		address string
		mpi     bool
		fault   string
	}{
		{name: "alone", size: 1},
		{name: "torchrun", env: map[string]string{"RANK": "3", "WORLD_SIZE": "8", "MASTER_ADDR": "head", "MASTER_PORT": "1234", EnvToken: secret},
			rank: 3, size: 8, network: "tcp", address: "head:1234"},
		{name: "open mpi", env: map[string]string{"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", EnvComm: "tcp", EnvToken: secret},
			rank: 1, size: 2, network: "tcp", address: "127.0.0.1:29400"},
		{name: "open mpi over mpi", env: map[string]string{"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", EnvComm: "mpi"},
			rank: 1, size: 2, mpi: true},
		{name: "slurm", env: map[string]string{"SLURM_PROCID": "5", "SLURM_NTASKS": "16", "SLURM_STEP_NODELIST": "gpu[03-06,9],b1", EnvToken: secret},
			rank: 5, size: 16, network: "tcp", address: "gpu03:29400"},
		{name: "torchrun inside slurm", env: map[string]string{"RANK": "1", "WORLD_SIZE": "4", "SLURM_PROCID": "0", "SLURM_NTASKS": "1", EnvToken: secret},
			rank: 1, size: 4, network: "tcp", address: "127.0.0.1:29400"},
		{name: "sockets", env: map[string]string{"RANK": "0", "WORLD_SIZE": "2", EnvComm: "unix:/tmp/x", EnvToken: secret},
			size: 2, network: "unix", address: "/tmp/x"},
		{name: "no token", env: map[string]string{"RANK": "0", "WORLD_SIZE": "2"}, fault: EnvToken},
		{name: "no number", env: map[string]string{"RANK": "one", "WORLD_SIZE": "2"}, fault: "RANK"},
		{name: "no such way", env: map[string]string{"RANK": "0", "WORLD_SIZE": "2", EnvComm: "pigeons"}, fault: "pigeons"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := FromEnv(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok })
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Fatalf("%v, want a fault of %s", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Rank != c.rank || p.Size != c.size || p.Network != c.network || p.Address != c.address || p.MPI != c.mpi {
				t.Errorf("got rank %d of %d over %s at %q, mpi %v", p.Rank, p.Size, p.Network, p.Address, p.MPI)
			}
		})
	}
}

func TestFirstNode(t *testing.T) {
	for list, want := range map[string]string{"": "127.0.0.1", "a": "a", "a,b": "a", "n[1-3]": "n1", "n[07,09-11]-ib,m": "n07-ib", "a,n[1-3]": "a"} {
		if got := firstNode(list); got != want {
			t.Errorf("%q: %q, want %q", list, got, want)
		}
	}
}
