// Runs the benchmark's plugin in Wazero. It reads one question a line from standard input and answers each with a line:
// the candidate of bench/candidates/wazero.ts.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

type question struct {
	Operation string `json:"operation"`
	Times     int    `json:"times"`
	Text      string `json:"text"`
}

type answer struct {
	Result string `json:"result"`
	Error  string `json:"error"`
}

// plugin is one instance, and what it is made of: a call that is out of time closes it.
type plugin struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	instance api.Module
	timeout  time.Duration
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	bytes, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	milliseconds, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		return err
	}
	p, err := load(bytes, time.Duration(milliseconds*float64(time.Millisecond)))
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return err
		}
		var a answer
		if result, err := p.do(q); err != nil {
			a.Error = err.Error()
		} else {
			a.Result = result
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}

func load(bytes []byte, timeout time.Duration) (*plugin, error) {
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(true))
	compiled, err := runtime.CompileModule(ctx, bytes)
	if err != nil {
		return nil, err
	}
	p := &plugin{runtime: runtime, compiled: compiled, timeout: timeout}
	return p, p.instantiate()
}

func (p *plugin) instantiate() error {
	instance, err := p.runtime.InstantiateModule(context.Background(), p.compiled, wazero.NewModuleConfig().WithName(""))
	p.instance = instance
	return err
}

func (p *plugin) do(q question) (result string, err error) {
	for i := 0; i < q.Times; i++ {
		switch q.Operation {
		case "add":
			result, err = p.number("add", 1, 2)
		case "compute":
			result, err = p.number("compute")
		case "upper":
			result, err = p.upper(q.Text)
		case "hang":
			result, err = p.hang()
		default:
			err = errors.New("no such operation: " + q.Operation)
		}
		if err != nil {
			return "", err
		}
	}
	return result, nil
}

// bounded is the design's CallWithTimeout: each call with a deadline of its own.
func (p *plugin) bounded(call func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	return call(ctx)
}

func (p *plugin) number(name string, arguments ...uint64) (result string, err error) {
	err = p.bounded(func(ctx context.Context) error {
		results, err := p.instance.ExportedFunction(name).Call(ctx, arguments...)
		if err == nil {
			result = strconv.FormatUint(results[0], 10)
		}
		return err
	})
	return result, err
}

func (p *plugin) upper(text string) (result string, err error) {
	err = p.bounded(func(ctx context.Context) error {
		length := uint64(len(text))
		at, err := p.instance.ExportedFunction("alloc").Call(ctx, length)
		if err != nil {
			return err
		}
		if !p.instance.Memory().Write(uint32(at[0]), []byte(text)) {
			return errors.New("the input is outside of memory")
		}
		packed, err := p.instance.ExportedFunction("upper").Call(ctx, at[0], length)
		if err != nil {
			return err
		}
		output, ok := p.instance.Memory().Read(uint32(packed[0]>>32), uint32(packed[0]&0x7fffffff))
		if !ok {
			return errors.New("the output is outside of memory")
		}
		result = string(output)
		_, err = p.instance.ExportedFunction("free").Call(ctx, at[0], length)
		return err
	})
	return result, err
}

// hang answers with nanoseconds from the call to its error, and has a new instance for the next call.
func (p *plugin) hang() (string, error) {
	began := time.Now()
	err := p.bounded(func(ctx context.Context) error {
		_, err := p.instance.ExportedFunction("loop").Call(ctx)
		return err
	})
	took := time.Since(began)
	if err == nil {
		return "", errors.New("an endless loop came to an end")
	}
	return strconv.FormatInt(took.Nanoseconds(), 10), p.instantiate()
}
