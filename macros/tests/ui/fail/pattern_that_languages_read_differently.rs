use wirecall::Service;

#[derive(Service)]
enum Chat {
    Post {
        #[check(pattern = r"^\d+$")]
        digits: String,
        #[check(pattern = "(?i)yes")]
        flag: String,
        #[check(pattern = "(?=a)b")]
        look: String,
        #[check(pattern = "(")]
        open: String,
    },
}

fn main() {}
