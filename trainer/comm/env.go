package comm

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Variables of ours, beside those of the launchers.
const (
	// EnvToken is the secret that all ranks of a run share.
	EnvToken = "SWERM_TOKEN"
	// EnvComm chooses how ranks meet: "tcp", "unix:DIRECTORY" or "mpi", which
	// is the default under mpirun where the program has it, as tcp is elsewhere.
	EnvComm = "SWERM_COMM"
)

// defaultPort is where rank 0 listens when no launcher names a port.
const defaultPort = "29400"

// A Place is what the environment says about a process: which rank of how
// many it is, and how ranks meet.
type Place struct {
	World        // Rank, Size, Network, Address and Token
	MPI     bool // join by MPI, which needs no more than that
	Started bool // a launcher started this process; without one it is alone
	Local   int  // ranks on this machine, where the launcher says so; else 0
}

// launchers are the conventions of those who start ranks, most specific first:
// torchrun and the operators of Kubernetes, Open MPI, Slurm.
var launchers = []struct {
	rank, size, local string
	mpi               bool // brings MPI
}{
	{"RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", false},
	{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", true},
	{"SLURM_PROCID", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE", false},
}

// FromEnv reads a process's place from environment variables, which lookup
// gives as os.LookupEnv does: RANK and WORLD_SIZE as torchrun sets them, or those
// of Open MPI or Slurm, with MASTER_ADDR and MASTER_PORT for where rank 0
// listens (for Slurm the first node of the step is the default, else this
// machine).
func FromEnv(lookup func(string) (string, bool)) (Place, error) {
	p := Place{World: World{Size: 1}}
	get := func(name string) string { v, _ := lookup(name); return v }
	for _, l := range launchers {
		if get(l.rank) == "" || get(l.size) == "" {
			continue
		}
		var errRank, errSize error
		p.Rank, errRank = strconv.Atoi(get(l.rank))
		p.Size, errSize = strconv.Atoi(get(l.size))
		if err := errors.Join(errRank, errSize); err != nil {
			return p, fmt.Errorf("comm: %s and %s: %w", l.rank, l.size, err)
		}
		p.Started, p.MPI = true, l.mpi && HasMPI
		p.Local, _ = strconv.Atoi(get(l.local)) // a hint, which Slurm may give in another form
		break
	}
	if p.Size == 1 {
		return p, nil
	}
	p.Token = []byte(get(EnvToken))
	return p, p.meeting(get)
}

// meeting fills in how and where ranks meet.
func (p *Place) meeting(get func(string) string) error {
	how, dir, _ := strings.Cut(get(EnvComm), ":")
	if how == "" && p.MPI {
		return nil
	}
	p.MPI = false
	switch how {
	case "mpi":
		p.MPI = true
		return nil
	case "unix":
		p.Network, p.Address = "unix", dir
	case "", "tcp":
		p.Network = "tcp"
		host, port := get("MASTER_ADDR"), get("MASTER_PORT")
		if host == "" {
			host = firstNode(get("SLURM_STEP_NODELIST"))
		}
		if port == "" {
			port = defaultPort
		}
		p.Address = net.JoinHostPort(host, port)
	default:
		return fmt.Errorf("comm: %s=%q, want tcp, unix:DIRECTORY or mpi", EnvComm, get(EnvComm))
	}
	if len(p.Token) < MinTokenBytes {
		return fmt.Errorf("comm: %s has %d bytes: give all ranks the same secret of at least %d (openssl rand -hex 16)", EnvToken, len(p.Token), MinTokenBytes)
	}
	return nil
}

// firstNode is the first host of a list in Slurm's compressed form, as
// "a[03-07,9],b" is short for a03 and others; loopback where there is none.
func firstNode(list string) string {
	if list == "" {
		return "127.0.0.1"
	}
	prefix, rest, ranged := strings.Cut(list, "[")
	if host, _, more := strings.Cut(prefix, ","); more || !ranged {
		return host
	}
	end := strings.IndexAny(rest, "-,]")
	if end < 0 {
		return list
	}
	host := prefix + rest[:end]
	if _, suffix, ok := strings.Cut(rest, "]"); ok {
		suffix, _, _ = strings.Cut(suffix, ",")
		host += suffix
	}
	return host
}
