// What Zig's standard library makes of WASI: arguments, environment, input, files, folders, time, randomness, errors that end it.
const std = @import("std");

pub fn main() !u8 {
    var arena = std.heap.ArenaAllocator.init(std.heap.page_allocator);
    defer arena.deinit();
    const allocator = arena.allocator();
    const out = std.io.getStdOut().writer();

    const args = try std.process.argsAlloc(allocator);
    for (args, 0..) |arg, index| try out.print("{d} <{s}>\n", .{ index, arg });
    const env = try std.process.getEnvMap(allocator);
    try out.print("NAME is {s}\n", .{env.get("NAME") orelse "not set"});

    const input = try std.io.getStdIn().readToEndAlloc(allocator, 1 << 20);
    var lines = std.mem.tokenizeScalar(u8, input, '\n');
    var sum: i64 = 0;
    while (lines.next()) |line| sum += try std.fmt.parseInt(i64, line, 10);
    try out.print("the sum is {d}\n", .{sum});

    const here = std.fs.cwd();
    try here.makePath("made/deeper");
    try here.writeFile("made/deeper/sum.txt", try std.fmt.allocPrint(allocator, "{d}", .{sum}));
    try out.print("<{s}>\n", .{try here.readFileAlloc(allocator, "made/deeper/sum.txt", 100)});
    try here.rename("made/deeper/sum.txt", "made/moved.txt");
    try here.deleteTree("made/deeper");
    if (here.openFile("missing", .{})) |_| {} else |reason| try out.print("{s}\n", .{@errorName(reason)});

    var timer = try std.time.Timer.start();
    std.time.sleep(10 * std.time.ns_per_ms);
    try out.print("{}\n", .{timer.read() >= 9 * std.time.ns_per_ms and std.time.milliTimestamp() > 1_600_000_000_000});
    var bytes: [32]u8 = undefined;
    std.crypto.random.bytes(&bytes);
    try out.print("{s}\n", .{if (std.mem.allEqual(u8, &bytes, 0)) "NOT RANDOM" else "random"});
    std.debug.print("{d} arguments\n", .{args.len});
    return @intCast(args.len);
}
