package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// many does an operation so many times, and answers with the last result: one after another, or so many at once each time.
func (p *plugin) many(q question) (value any, took time.Duration, err error) {
	do, err := p.operation(q)
	if err != nil {
		return nil, 0, err
	}
	began := time.Now()
	for range q.Times {
		if q.InFlight > 1 {
			value, err = p.atOnce(do, q.InFlight)
		} else {
			value, err = p.bounded(do)
		}
		if err != nil {
			return nil, 0, errors.Join(err, p.revive())
		}
	}
	return value, time.Since(began), nil
}

// atOnce makes each call in a goroutine of its own, as a server does.
func (p *plugin) atOnce(do call, inFlight int) (any, error) {
	values, failures := make([]any, inFlight), make([]error, inFlight)
	var calls sync.WaitGroup
	for index := range inFlight {
		calls.Add(1)
		go func() {
			defer calls.Done()
			values[index], failures[index] = p.inTurn(do)
		}()
	}
	calls.Wait()
	return values[0], errors.Join(failures...)
}

// hang answers with the time until an endless loop's error. The next call has a new instance.
func (p *plugin) hang() (time.Duration, error) {
	took, err := p.loop()
	return took, errors.Join(err, p.revive())
}

// recover answers with the time until an endless loop's error, and that from there to the result of the next call, in nanoseconds.
func (p *plugin) recover(left, right int32) (next any, took time.Duration, err error) {
	took, err = p.loop()
	if err != nil {
		return nil, 0, errors.Join(err, p.revive())
	}
	began := time.Now()
	if err := p.revive(); err != nil {
		return nil, 0, err
	}
	sum, err := p.bounded(p.add(left, right))
	since := time.Since(began)
	if err == nil && sum != left+right {
		err = fmt.Errorf("%d + %d is %v", left, right, sum)
	}
	return since, took, err
}

// load answers with the time from bytes to an instance.
func (h *host) load(bytes []byte) (time.Duration, error) {
	began := time.Now()
	p, err := h.start(bytes)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	return took, p.close()
}

// beside answers with the calls of some callers that had a result, while the plugins from 1 on run endless loops, each again when it has ended.
func (h *host) beside(good *plugin, q question) (any, time.Duration, error) {
	add, duration := good.add(q.Left, q.Right), time.Duration(q.Duration)*time.Millisecond
	var over atomic.Bool
	var loops, calls sync.WaitGroup
	failures := make([]error, q.Runaways)
	for index := range q.Runaways {
		bad, err := h.plugin(index + 1)
		if err != nil {
			return nil, 0, err
		}
		loops.Add(1)
		go func() {
			defer loops.Done()
			for !over.Load() && failures[index] == nil {
				_, failures[index] = bad.hang()
			}
		}()
	}
	var answered atomic.Int64
	began := time.Now()
	for range q.Callers {
		calls.Add(1)
		go func() {
			defer calls.Done()
			for time.Since(began) < duration {
				// One that is out of time, because others have it all, has not been answered
				if sum, err := good.inTurn(add); err == nil && sum == q.Left+q.Right {
					answered.Add(1)
				}
				// As others wait for the event loop's next turn
				runtime.Gosched()
			}
		}()
	}
	calls.Wait()
	took := time.Since(began)
	over.Store(true)
	loops.Wait()
	return answered.Load(), took, errors.Join(failures...)
}

// held answers with the bytes of this process that are resident when all garbage is gone. On Linux.
func held() (int, error) {
	for range 3 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	file, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var size, resident int
	if _, err := fmt.Fscan(bytes.NewReader(file), &size, &resident); err != nil {
		return 0, err
	}
	return resident * os.Getpagesize(), nil
}
