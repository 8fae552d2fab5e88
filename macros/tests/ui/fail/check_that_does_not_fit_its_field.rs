use wirecall::Service;

#[derive(Service)]
enum Chat {
    Post {
        #[check(length(min = 1))]
        count: u32,
        #[check(range(min = 1))]
        text: String,
        #[check(email)]
        addresses: Vec<String>,
        #[check(each(url))]
        link: String,
        #[check(range(min = -1))]
        limit: Option<u64>,
        #[check(each(length(max = 3)))]
        numbers: Vec<u8>,
        #[check(pattern = "^a$")]
        flag: bool,
    },
}

fn main() {}
