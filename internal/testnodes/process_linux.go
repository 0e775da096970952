package testnodes

import (
	"os/exec"
	"syscall"
)

// isolate puts the child into a process group of its own, so that an
// interrupt at the terminal does not end it before its user, and lets it die
// with us.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
