use wirecall::Service;

#[derive(Service)]
enum Chat {
    Post {
        #[check(length)]
        a: String,
        #[check(length(min = 10, max = 1))]
        b: String,
        #[check(length(min = -1))]
        c: String,
        #[check(email(strict))]
        d: String,
        #[check(pattern("a"))]
        e: String,
        #[check(email, email)]
        f: String,
        #[check(range(min = "1"))]
        g: u8,
    },
}

fn main() {}
