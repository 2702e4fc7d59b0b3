module github.com/haetae/haetae

go 1.26
