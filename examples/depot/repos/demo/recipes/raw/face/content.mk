content:
	echo "face: round" > face.config
