// Package cluster_test checks the manifests beside it: that they have fields
// of the APIs they name and no others, and that what they tell ranks fits
// together.
package cluster_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/swerm/swerm/trainer/comm"
)

// The part of the APIs that the manifests use, with names and types of
// jobset.x-k8s.io/v1alpha2, kubeflow.org/v2beta1, batch/v1 and core/v1.
type (
	metadata struct {
		Name string `yaml:"name"`
	}
	jobSet struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       struct {
			Network struct {
				EnableDNSHostnames       bool   `yaml:"enableDNSHostnames"`
				Subdomain                string `yaml:"subdomain"`
				PublishNotReadyAddresses bool   `yaml:"publishNotReadyAddresses"`
			} `yaml:"network"`
			FailurePolicy struct {
				MaxRestarts int32 `yaml:"maxRestarts"`
			} `yaml:"failurePolicy"`
			ReplicatedJobs []struct {
				Name     string `yaml:"name"`
				Replicas int32  `yaml:"replicas"`
				Template struct {
					Spec struct {
						CompletionMode string      `yaml:"completionMode"`
						Completions    int32       `yaml:"completions"`
						Parallelism    int32       `yaml:"parallelism"`
						BackoffLimit   int32       `yaml:"backoffLimit"`
						Template       podTemplate `yaml:"template"`
					} `yaml:"spec"`
				} `yaml:"template"`
			} `yaml:"replicatedJobs"`
		} `yaml:"spec"`
	}
	mpiJob struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       struct {
			SlotsPerWorker int32 `yaml:"slotsPerWorker"`
			RunPolicy      struct {
				CleanPodPolicy string `yaml:"cleanPodPolicy"`
				BackoffLimit   int32  `yaml:"backoffLimit"`
			} `yaml:"runPolicy"`
			MPIReplicaSpecs map[string]struct {
				Replicas int32       `yaml:"replicas"`
				Template podTemplate `yaml:"template"`
			} `yaml:"mpiReplicaSpecs"`
		} `yaml:"spec"`
	}
	podTemplate struct {
		Spec struct {
			RestartPolicy string      `yaml:"restartPolicy"`
			Containers    []container `yaml:"containers"`
			Volumes       []struct {
				Name                  string    `yaml:"name"`
				ConfigMap             *metadata `yaml:"configMap"`
				PersistentVolumeClaim *struct {
					ClaimName string `yaml:"claimName"`
				} `yaml:"persistentVolumeClaim"`
			} `yaml:"volumes"`
		} `yaml:"spec"`
	}
	container struct {
		Name    string   `yaml:"name"`
		Image   string   `yaml:"image"`
		Command []string `yaml:"command"`
		Args    []string `yaml:"args"`
		Env     []struct {
			Name      string `yaml:"name"`
			Value     string `yaml:"value"`
			ValueFrom *struct {
				FieldRef *struct {
					FieldPath string `yaml:"fieldPath"`
				} `yaml:"fieldRef"`
				SecretKeyRef *struct {
					Name string `yaml:"name"`
					Key  string `yaml:"key"`
				} `yaml:"secretKeyRef"`
			} `yaml:"valueFrom"`
		} `yaml:"env"`
		Resources struct {
			Requests map[string]string `yaml:"requests"`
			Limits   map[string]string `yaml:"limits"`
		} `yaml:"resources"`
		VolumeMounts []struct {
			Name      string `yaml:"name"`
			MountPath string `yaml:"mountPath"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	}
)

func read(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// Every rank of the JobSet finds its place in its environment: the host it
// meets the others at is the first pod under the name that JobSet gives it.
func TestJobSet(t *testing.T) {
	var s jobSet
	read(t, "jobset.yaml", &s)
	if s.APIVersion != "jobset.x-k8s.io/v1alpha2" || s.Kind != "JobSet" || len(s.Spec.ReplicatedJobs) != 1 {
		t.Fatalf("%+v", s)
	}
	job := s.Spec.ReplicatedJobs[0]
	spec := job.Template.Spec
	if spec.CompletionMode != "Indexed" || spec.Completions != spec.Parallelism || job.Replicas != 1 || spec.BackoffLimit != 0 {
		t.Errorf("pods are not ranks of one run: %+v", spec)
	}
	if n := s.Spec.Network; !n.EnableDNSHostnames || !n.PublishNotReadyAddresses {
		t.Error("rank 0 has no name while ranks start")
	}
	pod := spec.Template.Spec.Containers[0]
	for rank := range spec.Completions {
		env := map[string]string{}
		for _, e := range pod.Env {
			env[e.Name] = e.Value
			if from := e.ValueFrom; from != nil && from.FieldRef != nil {
				if from.FieldRef.FieldPath != "metadata.annotations['batch.kubernetes.io/job-completion-index']" {
					t.Fatalf("%s is from %s", e.Name, from.FieldRef.FieldPath)
				}
				env[e.Name] = strconv.Itoa(int(rank))
			} else if from != nil {
				env[e.Name] = "a secret of the cluster"
			}
		}
		place, err := comm.FromEnv(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
		if err != nil {
			t.Fatal(err)
		}
		host := fmt.Sprintf("%s-%s-0-0.%s", s.Metadata.Name, job.Name, s.Spec.Network.Subdomain)
		if place.Rank != int(rank) || place.Size != int(spec.Completions) || place.Address != host+":29400" || place.Network != "tcp" {
			t.Errorf("rank %d: %+v", rank, place)
		}
	}
	checkTrain(t, append(slices.Clone(pod.Command), pod.Args...), int(spec.Completions))
	checkVolumes(t, spec.Template)
}

func TestMPIJob(t *testing.T) {
	var s mpiJob
	read(t, "mpijob.yaml", &s)
	launcher, workers := s.Spec.MPIReplicaSpecs["Launcher"], s.Spec.MPIReplicaSpecs["Worker"]
	if s.APIVersion != "kubeflow.org/v2beta1" || s.Kind != "MPIJob" || len(s.Spec.MPIReplicaSpecs) != 2 || launcher.Replicas != 1 {
		t.Fatalf("%+v", s)
	}
	c := launcher.Template.Spec.Containers[0]
	args := append(slices.Clone(c.Command), c.Args...)
	n, err := strconv.Atoi(args[slices.Index(args, "-n")+1])
	if err != nil || args[0] != "mpirun" || n != int(workers.Replicas*s.Spec.SlotsPerWorker) {
		t.Errorf("%q for %d workers of %d slots", args, workers.Replicas, s.Spec.SlotsPerWorker)
	}
	checkTrain(t, args[slices.Index(args, "swerm"):], n)
	checkVolumes(t, workers.Template)
}

// checkTrain looks at the command line of a rank.
func checkTrain(t *testing.T, args []string, world int) {
	t.Helper()
	if len(args) != 7 || args[0] != "swerm" || args[1] != "train" || args[3] != "--ep" || args[5] != "-o" {
		t.Fatalf("%q", args)
	}
	if ep, err := strconv.Atoi(args[4]); err != nil || world%ep != 0 {
		t.Errorf("--ep %s of %d ranks", args[4], world)
	}
}

// checkVolumes holds that what is mounted exists, and all that exists is mounted.
func checkVolumes(t *testing.T, p podTemplate) {
	t.Helper()
	var have, used []string
	for _, v := range p.Spec.Volumes {
		if (v.ConfigMap == nil) == (v.PersistentVolumeClaim == nil) {
			t.Errorf("volume %s is of no kind", v.Name)
		}
		have = append(have, v.Name)
	}
	for _, m := range p.Spec.Containers[0].VolumeMounts {
		used = append(used, m.Name)
	}
	if !slices.Equal(have, used) {
		t.Errorf("volumes %q, mounts %q", have, used)
	}
}

func TestSbatch(t *testing.T) {
	raw, err := os.ReadFile("train.sbatch")
	if err != nil {
		t.Fatal(err)
	}
	options := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		if option, ok := strings.CutPrefix(line, "#SBATCH --"); ok {
			name, value, _ := strings.Cut(strings.TrimSpace(option), "=")
			options[name] = value
		}
	}
	if options["nodes"] != "4" || options["ntasks-per-node"] != "1" {
		t.Errorf("%v", options)
	}
	if bash, err := exec.LookPath("bash"); err == nil {
		if out, err := exec.Command(bash, "-n", "train.sbatch").CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}
