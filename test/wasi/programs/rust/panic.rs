// A panic: its message is printed, and then it traps.
fn main() {
    let items: Vec<u32> = std::env::args().map(|each| each.len() as u32).collect();
    println!("about to panic");
    println!("{}", items[items.len() + 5]);
}
