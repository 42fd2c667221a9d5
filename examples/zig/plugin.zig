//! A plugin in Zig: the convention is in docs/plugins.md.

const std = @import("std");
const allocator = std.heap.wasm_allocator;

// ---- The convention ---------------------------------------------------------

export fn alloc(length: usize) ?[*]u8 {
    const room = allocator.alloc(u8, length) catch return null;
    return room.ptr;
}

export fn free(address: [*]u8, length: usize) void {
    allocator.free(address[0..length]);
}

const is_message: u64 = 1 << 31;

fn pack(bytes: []const u8) u64 {
    return @as(u64, @intFromPtr(bytes.ptr)) << 32 | bytes.len;
}

fn fail(message: []const u8) u64 {
    return pack(message) | is_message;
}

// ---- What it does -----------------------------------------------------------

/// Text in, text out: each digit becomes a star. In place, since the input is the plugin's own until it is freed.
export fn mask(address: [*]u8, length: usize) u64 {
    const text = address[0..length];
    for (text) |*byte| {
        if (std.ascii.isDigit(byte.*)) byte.* = '*';
    }
    return pack(text);
}

/// What `sum` answers: the host reads it before it calls anything else.
var answer: [128]u8 = undefined;

/// JSON in, JSON out: `[1, 2, 3]` becomes `{"count":3,"sum":6}`. Anything but an array of whole numbers is an error.
export fn sum(address: [*]const u8, length: usize) u64 {
    var numbers = Numbers{ .json = address[0..length] };
    const added = numbers.add() catch {
        const message = std.fmt.bufPrint(&answer, "expected an array of whole numbers, but not at byte {d}", .{numbers.at}) catch unreachable;
        return fail(message);
    };
    return pack(std.fmt.bufPrint(&answer, "{{\"count\":{d},\"sum\":{d}}}", .{ added.count, added.total }) catch unreachable);
}

/// A real plugin would have `std.json` read its JSON.
const Numbers = struct {
    json: []const u8,
    at: usize = 0,

    fn add(self: *Numbers) error{Unexpected}!struct { count: u32, total: i64 } {
        var count: u32 = 0;
        var total: i64 = 0;
        self.skipSpaces();
        if (!self.take('[')) return error.Unexpected;
        self.skipSpaces();
        if (!self.take(']')) while (true) {
            total +%= try self.number();
            count += 1;
            self.skipSpaces();
            if (self.take(']')) break;
            if (!self.take(',')) return error.Unexpected;
            self.skipSpaces();
        };
        self.skipSpaces();
        if (self.at < self.json.len) return error.Unexpected;
        return .{ .count = count, .total = total };
    }

    fn number(self: *Numbers) error{Unexpected}!i64 {
        const is_negative = self.take('-');
        const start = self.at;
        var value: i64 = 0;
        while (self.at < self.json.len and std.ascii.isDigit(self.json[self.at])) : (self.at += 1) {
            value = value *% 10 +% (self.json[self.at] - '0');
        }
        if (self.at == start) return error.Unexpected;
        return if (is_negative) -%value else value;
    }

    fn skipSpaces(self: *Numbers) void {
        while (self.at < self.json.len and std.ascii.isWhitespace(self.json[self.at])) self.at += 1;
    }

    fn take(self: *Numbers, byte: u8) bool {
        if (self.at == self.json.len or self.json[self.at] != byte) return false;
        self.at += 1;
        return true;
    }
};
