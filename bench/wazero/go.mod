module curfew/bench/wazero

go 1.22

require github.com/tetratelabs/wazero v1.9.0
