# limit: 360
# Five-way equality: the same verdict as file, JSON, live object, review and policy in the API server,
# over our own objects and, where it is unpacked, a sample of the corpus (`make equality` takes all).
"$E2E_ROOT/tests/equality/inside" "$E2E_ROOT/tests/equality/objects" "$E2E_ROOT/examples"
corpus=$E2E_ROOT/build/data/corpus/manifests
if [ -d "$corpus" ]; then
  "$E2E_ROOT/tests/equality/inside" --every 12 "$corpus"
else
  echo "SKIPPED for the corpus: build/data/corpus is not there (make data)"
fi
