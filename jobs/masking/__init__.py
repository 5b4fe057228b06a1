"""Finding known secret values, in all their encodings, and putting their names in their place.

`masker` is what other rooms use: text and streams in, masked text out; `masked_file` does it for large files. `finder`
says where secrets stand. It looks for the forms of `encodings`, in text as it is and with its `escapes` resolved, for
the `secret_parts` of URLs, JSON and key files, and for `token_patterns`. What is scattered is found by `split_secrets`:
a `split_form` is met at one of its `anchors` and compared from there on by an `alignment`; where the text was cut
(`cut_text`), what follows the cut is looked up in `secret_tails`. A new encoding goes into `encodings` where it changes
every character, and is a `Code` of `escapes` where only some are written in another way.
"""
