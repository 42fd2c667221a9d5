// A plugin in C, without a C library: the convention is in docs/plugins.md.

typedef unsigned char byte;
typedef unsigned long size; // 32 bits, like a pointer
typedef struct {
  byte *at;
  size length;
} bytes;

// ---- The convention ---------------------------------------------------------

#define EXPORT(name) __attribute__((export_name(#name)))
#define PAGE 65536

extern byte __heap_base; // where the linker says that memory is free
static byte *top = &__heap_base;

// Room up to the next input; null if there is none.
static byte *room(size length) {
  size used = (size)top, end = used + length, have = __builtin_wasm_memory_size(0) * PAGE;
  if (end < used) return 0;
  if (end > have && __builtin_wasm_memory_grow(0, (end - have + PAGE - 1) / PAGE) == -1ul) return 0;
  top = (byte *)end;
  return (byte *)used;
}

// There is one input at a time, and nothing of the one before is needed any more: so `free` is not exported.
EXPORT(alloc) byte *alloc(size length) {
  top = &__heap_base;
  return room(length);
}

static long long output(bytes of) { return (long long)(size)of.at << 32 | of.length; }
static long long error(bytes message) { return output(message) | 0x80000000ll; }

// ---- What it does -----------------------------------------------------------

static bytes text(const char *of) {
  size length = 0;
  while (of[length] != 0) length++;
  return (bytes){(byte *)of, length};
}

static int is_digit(byte of) { return of >= '0' && of <= '9'; }

// Text in, text out: each digit becomes a star. In place, since the input is the plugin's own.
EXPORT(mask) long long mask(byte *at, size length) {
  for (size i = 0; i < length; i++)
    if (is_digit(at[i])) at[i] = '*';
  return output((bytes){at, length});
}

static byte *write(byte *to, bytes of) {
  for (size i = 0; i < of.length; i++) *to++ = of.at[i];
  return to;
}

static byte *write_number(byte *to, long long of) {
  byte digits[20];
  size count = 0;
  unsigned long long rest = of < 0 ? -(unsigned long long)of : (unsigned long long)of;
  do digits[count++] = '0' + rest % 10;
  while ((rest /= 10) != 0);
  if (of < 0) *to++ = '-';
  while (count > 0) *to++ = digits[--count];
  return to;
}

static byte *skip_spaces(byte *at, byte *end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
  return at;
}

static long long unexpected(size at) {
  byte *message = room(64);
  if (message == 0) return error(text("no memory"));
  byte *to = write(message, text("expected an array of whole numbers, but not at byte "));
  return error((bytes){message, write_number(to, at) - message});
}

// JSON in, JSON out: [1, 2, 3] becomes {"count":3,"sum":6}. Anything but an array of whole numbers is an error.
EXPORT(sum) long long sum(byte *start, size length) {
  byte *at = skip_spaces(start, start + length), *end = start + length;
  long long count = 0, total = 0;
  if (at == end || *at++ != '[') return unexpected(at == end ? length : 0);
  for (at = skip_spaces(at, end); at < end && *at != ']';) {
    int is_negative = *at == '-';
    at += is_negative;
    if (at == end || !is_digit(*at)) return unexpected(at - start);
    unsigned long long number = 0;
    while (at < end && is_digit(*at)) number = number * 10 + (*at++ - '0');
    total = (long long)((unsigned long long)total + (is_negative ? -number : number));
    count++;
    at = skip_spaces(at, end);
    if (at < end && *at == ',') {
      at = skip_spaces(at + 1, end);
      if (at < end && *at == ']') return unexpected(at - start);
    } else if (at < end && *at != ']') return unexpected(at - start);
  }
  if (at == end) return unexpected(length);
  at = skip_spaces(at + 1, end);
  if (at != end) return unexpected(at - start);
  byte *json = room(80);
  if (json == 0) return error(text("no memory"));
  byte *to = write_number(write(json, text("{\"count\":")), count);
  to = write(write_number(write(to, text(",\"sum\":")), total), text("}"));
  return output((bytes){json, to - json});
}
