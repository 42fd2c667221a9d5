// What Rust's standard library makes of WASI: arguments, environment, input, files, folders, time, randomness.
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    println!("{:?}", args);
    println!("{:?}", std::env::vars().collect::<BTreeMap<_, _>>());

    let mut words: HashMap<String, usize> = HashMap::new();
    for line in io::stdin().lock().lines() {
        for word in line?.split_whitespace() {
            *words.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    let mut counted: Vec<_> = words.into_iter().collect();
    counted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    println!("{:?}", counted);

    fs::create_dir_all("out/deep/er")?;
    fs::write("out/deep/er/counts.txt", format!("{} words\n", counted.len()))?;
    let mut file = OpenOptions::new().read(true).append(true).open("out/deep/er/counts.txt")?;
    writeln!(file, "appended")?;
    file.seek(SeekFrom::Start(0))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    println!("{:?} {}", text, file.metadata()?.len());
    file.set_len(3)?;
    fs::copy("out/deep/er/counts.txt", "out/copy.txt")?;
    fs::rename("out/deep/er/counts.txt", "out/renamed.txt")?;
    let mut names: Vec<_> = fs::read_dir("out")?.map(|entry| entry.map(|each| each.file_name())).collect::<Result<_, _>>()?;
    names.sort();
    println!("{:?}", names);
    fs::remove_dir_all("out/deep")?;
    println!("{:?} {:?}", File::open("none").map_err(|error| error.kind()).err(), fs::create_dir("out").map_err(|error| error.kind() == ErrorKind::AlreadyExists).err());
    println!("{:?}", fs::read_to_string("../secret").is_err());

    let (now, since) = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap());
    std::thread::sleep(Duration::from_millis(20));
    println!("{} {}", now.elapsed() >= Duration::from_millis(18), since.as_secs() > 1_600_000_000);
    eprintln!("{} arguments", args.len());
    std::process::exit(args.len() as i32)
}
