package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// host is one runtime and its plugins, by number. Bytes of which a module lives are not compiled again: a compilation cache would only share that
// with other runtimes.
type host struct {
	runtime wazero.Runtime
	timeout time.Duration
	mu      sync.Mutex
	plugins map[int]*plugin
}

func newHost(timeout time.Duration) *host {
	// Without it a context ends nothing; with it, the code that is compiled looks in each turn of each loop
	config := wazero.NewRuntimeConfig().WithCloseOnContextDone(true)
	return &host{runtime: wazero.NewRuntimeWithConfig(context.Background(), config), timeout: timeout, plugins: map[int]*plugin{}}
}

func (h *host) keep(number int, bytes []byte) error {
	p, err := h.start(bytes)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.plugins[number] = p
	return nil
}

// drop lets go of a plugin that is kept.
func (h *host) drop(number int) error {
	p, err := h.plugin(number)
	if err != nil {
		return err
	}
	h.mu.Lock()
	delete(h.plugins, number)
	h.mu.Unlock()
	return p.close()
}

func (h *host) plugin(number int) (*plugin, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p, ok := h.plugins[number]; ok {
		return p, nil
	}
	return nil, fmt.Errorf("there is no plugin %d", number)
}

// plugin is one instance and what it is made of: a call that is out of time closes it, and revive makes another.
type plugin struct {
	host     *host
	compiled wazero.CompiledModule
	instance api.Module
	exports  map[string]api.Function
	// Whoever calls while others may holds it: functions are not to be called by two at once, and there is one memory.
	turn chan struct{}
}

func (h *host) start(bytes []byte) (*plugin, error) {
	compiled, err := h.runtime.CompileModule(context.Background(), bytes)
	if err != nil {
		return nil, err
	}
	p := &plugin{host: h, compiled: compiled, turn: make(chan struct{}, 1)}
	if err := p.instantiate(); err != nil {
		return nil, errors.Join(err, compiled.Close(context.Background()))
	}
	return p, nil
}

func (p *plugin) instantiate() error {
	// Without a name, so that there may be many
	instance, err := p.host.runtime.InstantiateModule(context.Background(), p.compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return err
	}
	p.instance, p.exports = instance, map[string]api.Function{}
	// Each look-up makes another stack, so once for all calls
	for name := range instance.ExportedFunctionDefinitions() {
		p.exports[name] = instance.ExportedFunction(name)
	}
	return nil
}

func (p *plugin) revive() error {
	if !p.instance.IsClosed() {
		return nil
	}
	return p.instantiate()
}

func (p *plugin) close() error {
	return errors.Join(p.instance.Close(context.Background()), p.compiled.Close(context.Background()))
}

// call is what a user writes: a call of the plugin with a deadline of its own.
type call func(ctx context.Context) (value any, err error)

func (p *plugin) add(left, right int32) call {
	return func(ctx context.Context) (any, error) {
		return p.number(ctx, "add", api.EncodeI32(left), api.EncodeI32(right))
	}
}

func (p *plugin) operation(q question) (call, error) {
	switch q.Operation {
	case "add":
		return p.add(q.Left, q.Right), nil
	case "compute":
		return func(ctx context.Context) (any, error) { return p.number(ctx, "compute") }, nil
	case "upper":
		return func(ctx context.Context) (any, error) { return p.upper(ctx, q.Text) }, nil
	default:
		return nil, fmt.Errorf("there is no operation %q", q.Operation)
	}
}

func (p *plugin) bounded(do call) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.host.timeout)
	defer cancel()
	return do(ctx)
}

// inTurn is bounded for callers that are many: to wait for the others counts too.
func (p *plugin) inTurn(do call) (any, error) {
	return p.bounded(func(ctx context.Context) (any, error) {
		select {
		case p.turn <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		defer func() { <-p.turn }()
		value, err := do(ctx)
		if err != nil {
			return nil, errors.Join(err, p.revive())
		}
		return value, nil
	})
}

func (p *plugin) number(ctx context.Context, name string, arguments ...uint64) (int32, error) {
	results, err := p.exports[name].Call(ctx, arguments...)
	if err != nil {
		return 0, err
	}
	return api.DecodeI32(results[0]), nil
}

func (p *plugin) upper(ctx context.Context, text string) (string, error) {
	length := uint64(len(text))
	at, err := p.exports["alloc"].Call(ctx, length)
	if err != nil {
		return "", err
	}
	memory := p.instance.Memory()
	if !memory.WriteString(uint32(at[0]), text) {
		return "", errors.New("the input is outside of memory")
	}
	packed, err := p.exports["upper"].Call(ctx, at[0], length)
	if err != nil {
		return "", err
	}
	output, ok := memory.Read(uint32(packed[0]>>32), uint32(packed[0]&0x7fffffff))
	if !ok {
		return "", errors.New("the output is outside of memory")
	}
	// A copy, as what was read is the memory itself
	result := string(output)
	if !utf8.ValidString(result) {
		return "", errors.New("the output is not UTF-8")
	}
	_, err = p.exports["free"].Call(ctx, at[0], length)
	return result, err
}

// loop calls what never ends: until its deadline, or there is an error.
func (p *plugin) loop() (took time.Duration, err error) {
	began := time.Now()
	_, err = p.bounded(func(ctx context.Context) (any, error) { return p.exports["loop"].Call(ctx) })
	took = time.Since(began)
	switch {
	case err == nil:
		return 0, errors.New("an endless loop came to an end")
	case !errors.Is(err, context.DeadlineExceeded):
		return 0, err
	}
	return took, nil
}
