package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

const (
	// uploadPartBytes is one part of a multipart upload. S3 takes 10,000 parts
	// of at least 5 MiB; 8 MiB allows 80 GB an object.
	uploadPartBytes = 8 << 20
	// uploadConcurrency parts are in memory at once.
	uploadConcurrency = 3

	// envPathStyle overrides whether buckets are in the path and not in the
	// host name. Unset, they are in the path whenever the endpoint is overridden,
	// since such endpoints seldom have a name per bucket.
	envPathStyle = "AWS_S3_USE_PATH_STYLE"
)

// S3 is one bucket of an object store.
type S3 struct {
	Bucket string
	client *s3.Client
	upload *transfermanager.Client
}

func openS3(ctx context.Context, bucket string) (*S3, error) {
	if bucket == "" {
		return nil, errors.New("no bucket: the form is s3://bucket/prefix")
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	style, styleSet := os.LookupEnv(envPathStyle)
	usePath, err := strconv.ParseBool(style)
	if styleSet && err != nil {
		return nil, fmt.Errorf("%s=%q is neither true nor false", envPathStyle, style)
	}
	return newS3(cfg, bucket, func(o *s3.Options) {
		o.UsePathStyle = usePath || !styleSet && o.BaseEndpoint != nil
	}), nil
}

func newS3(cfg aws.Config, bucket string, opts ...func(*s3.Options)) *S3 {
	quiet := func(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true } // one line per range otherwise
	client := s3.NewFromConfig(cfg, append(opts, quiet)...)
	return &S3{Bucket: bucket, client: client, upload: transfermanager.New(client, func(o *transfermanager.Options) {
		o.PartSizeBytes, o.Concurrency = uploadPartBytes, uploadConcurrency
	})}
}

// describe names the object and gives the errors of package fs where they fit.
func (s *S3) describe(op, key string, err error) error {
	if err == nil {
		return nil
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "NotFound", "NoSuchKey":
			err = fmt.Errorf("%w (%s)", fs.ErrNotExist, api.ErrorCode())
		case "PreconditionFailed", "ConditionalRequestConflict":
			err = fmt.Errorf("%w (%s)", ErrExists, api.ErrorCode())
		}
	}
	return fmt.Errorf("%s s3://%s/%s: %w", op, s.Bucket, key, err)
}

// Open asks for the object's size. Reads are of that version only: an object
// that is replaced meanwhile gives an error and not a mixture.
func (s *S3) Open(ctx context.Context, key string) (Blob, error) {
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.Bucket, Key: &key})
	if err != nil {
		return nil, s.describe("open", key, err)
	}
	return &s3Blob{s: s, ctx: ctx, key: key, etag: head.ETag, size: aws.ToInt64(head.ContentLength)}, nil
}

// Create starts an object.
func (s *S3) Create(ctx context.Context, key string) (Upload, error) {
	return s.create(ctx, key, nil), nil
}

// CreateExclusive starts an object that is put only where none is.
func (s *S3) CreateExclusive(ctx context.Context, key string) (Upload, error) {
	return s.create(ctx, key, aws.String("*")), nil
}

func (s *S3) create(ctx context.Context, key string, ifNoneMatch *string) *s3Upload {
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	u := &s3Upload{s: s, key: key, w: w, cancel: cancel, result: make(chan error, 1)}
	go func() {
		_, err := s.upload.UploadObject(ctx, &transfermanager.UploadObjectInput{
			Bucket: &s.Bucket, Key: &key, Body: r, IfNoneMatch: ifNoneMatch})
		_ = r.CloseWithError(err) // ends a Write that nobody reads any more
		u.result <- err
	}()
	return u
}

type s3Upload struct {
	s      *S3
	key    string
	w      *io.PipeWriter
	cancel context.CancelFunc
	result chan error
	done   bool
}

func (u *s3Upload) Write(b []byte) (int, error) {
	n, err := u.w.Write(b)
	return n, u.s.describe("upload", u.key, err)
}

func (u *s3Upload) Commit() error {
	if u.done {
		return fmt.Errorf("commit s3://%s/%s: already ended", u.s.Bucket, u.key)
	}
	u.done = true
	defer u.cancel()
	_ = u.w.Close()
	return u.s.describe("upload", u.key, <-u.result)
}

// errAborted ends the body of an upload that is given up, so that it is not
// taken for a shorter whole.
var errAborted = errors.New("upload aborted")

func (u *s3Upload) Abort() {
	if u.done {
		return
	}
	u.done = true
	_ = u.w.CloseWithError(errAborted)
	u.cancel()
	<-u.result
}

// Remove removes an object.
func (s *S3) Remove(ctx context.Context, key string) error {
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.Bucket, Key: &key})
	return s.describe("remove", key, err)
}

// List pages through the objects below a prefix that ends at a slash.
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		prefix = strings.Trim(prefix, "/")
		if prefix != "" {
			head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.Bucket, Key: &prefix})
			switch err = s.describe("list", prefix, err); {
			case err == nil:
				e := Entry{Path: prefix, Size: aws.ToInt64(head.ContentLength), ModTime: aws.ToTime(head.LastModified)}
				if !yield(e, nil) {
					return
				}
			case !errors.Is(err, fs.ErrNotExist):
				yield(Entry{}, err)
				return
			}
			prefix += "/"
		}
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: &prefix})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Entry{}, s.describe("list", prefix, err))
				return
			}
			for _, o := range page.Contents {
				key := aws.ToString(o.Key)
				if strings.HasSuffix(key, "/") {
					continue // what consoles make to show a folder
				}
				if !yield(Entry{Path: key, Size: aws.ToInt64(o.Size), ModTime: aws.ToTime(o.LastModified)}, nil) {
					return
				}
			}
		}
	}
}

// readRange fetches bytes of one version of an object.
func (s *S3) readRange(ctx context.Context, key string, etag *string, p []byte, off int64) error {
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.Bucket, Key: &key, IfMatch: etag,
		Range: aws.String(fmt.Sprintf("bytes=%d-%d", off, off+int64(len(p))-1))})
	if err != nil {
		var api smithy.APIError
		if errors.As(err, &api) && api.ErrorCode() == "PreconditionFailed" {
			return fmt.Errorf("read s3://%s/%s: the object was replaced while it was read", s.Bucket, key)
		}
		return s.describe("read", key, err)
	}
	defer out.Body.Close()
	if _, err := io.ReadFull(out.Body, p); err != nil {
		return s.describe("read", key, err)
	}
	return nil
}
