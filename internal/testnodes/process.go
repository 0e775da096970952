package testnodes

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	logName  = "output.log"
	logLines = 25
)

// process is a started program. Its output goes to a file.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
	err  error         // how, once done
}

func startProcess(program string, args []string, dir string) (*process, error) {
	log, err := os.OpenFile(filepath.Join(dir, logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir) // nothing is written elsewhere
	cmd.Stdout, cmd.Stderr = log, log
	isolate(cmd)
	p := &process{cmd: cmd, log: log.Name(), done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// On Linux the child dies with the thread that started it, so that
		// thread waits for the child and does nothing else.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

// stop asks the process to end and tells whether it did in time.
func (p *process) stop(limit time.Duration) bool {
	if p.cmd.Process.Signal(syscall.SIGTERM) != nil {
		p.kill()
		return true // it had ended by itself
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// kill ends the process and waits for its end.
func (p *process) kill() {
	select {
	case <-p.done: // its number may be another's by now
	default:
		killGroup(p.cmd)
		<-p.done
	}
}

func (p *process) tail() string { return tail(p.log) }

// tail returns the last lines of a file.
func tail(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	const most = logLines * 200
	if info, err := f.Stat(); err == nil && info.Size() > most {
		f.Seek(-most, io.SeekEnd)
	}
	data, _ := io.ReadAll(io.LimitReader(f, most))
	lines := strings.Split(string(bytes.TrimSpace(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-logLines):], "\n")
}
